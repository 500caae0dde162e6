/** Where a token is given by hand. */
import { useState } from "preact/hooks";
import { signIn } from "./api";
import { Form, Notice } from "./ui";

export function SignIn({ done }: { done: () => void }) {
  const [token, setToken] = useState("");
  const refused = new URLSearchParams(location.search).has("refused");
  return (
    <main class="sign-in">
      <img src="/icon.svg" alt="" width="56" height="56" />
      <h1>Caseloom</h1>
      <p>Every sentence tied to its evidence.</p>
      {refused && <Notice kind="error">The token in the address is none of this server's. It prints a new one at each start.</Notice>}
      <Form label="Sign in" ready={token.trim() !== ""} act={async () => { await signIn(token.trim()); done(); }}>
        <label>Token
          <input type="password" autocomplete="current-password" required value={token} autofocus
            onInput={(event) => setToken(event.currentTarget.value)} />
        </label>
        <p class="hint">The server printed it when it started; your administrator can give you your own.</p>
      </Form>
      <p class="hint">Caseloom is not a medical device.</p>
    </main>
  );
}
