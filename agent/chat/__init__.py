"""Questions about a reviewed case, answered by a tool-calling graph whose every sentence is checked.

From a question to its answer:

- `session` asks the graph and checks what comes out (`check`); `history` keeps the turns, `shelf` new evidence, both as
  `lines`; `graph` is the loop of one turn, which `patience` ends in time;
- who chooses the tools: `rules_model` by rules, `reader_model` a reader that interprets, or any other chat model;
- what rules read: `wording` (plain words, slips), `refusals`, `moments` (dates), then `understand`, which tries forms
  (`forms`, `asks`, `overviews`), what only this case makes sense of (`of_case`), one thing in any words (`frames`,
  `frame_words`), the record's own questions (`recorded`, `setting`), and the question before (`follow_ups`); the
  outcome is a `plan`;
- what the tools are (`toolbox`, `arguments`) and do over the case (`context`, `names`): `lookups`, `results`, `values`,
  `changes`, `amounts`, `entries`, `studies`, `spans`, `again`, with `arithmetic`; each gives what is `told`.
"""
