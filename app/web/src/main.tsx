/** The page: who asks, and which view is shown. */
import "./style.css";
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { said, signOut, whoAmI } from "./api";
import { Cases } from "./cases";
import { Doctor } from "./doctor";
import { followed, go, useRoute } from "./route";
import { SignIn } from "./signin";
import { Trouble, Wait } from "./ui";
import type { Me } from "./words";
import { CasePage } from "./workbench";

function Page() {
  const route = useRoute();
  const [me, setMe] = useState<Me | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const know = () => whoAmI().then(setMe, (error: unknown) => setProblem(said(error)));
  useEffect(() => { if (route.view !== "sign-in") void know(); }, []);

  if (route.view === "sign-in") return <SignIn done={() => { void know(); go("/"); }} />;
  if (!me) return problem ? <Trouble problem={problem} retry={() => location.reload()} /> : <Wait />;
  return (
    <>
      <header class="site">
        <a class="brand" href="/" onClick={(event) => followed(event, "/")}><img src="/icon.svg" alt="" width="24" height="24" />Caseloom</a>
        <div id="crumb" />
        {me.role === "signer" && <a href="/doctor" onClick={(event) => followed(event, "/doctor")}>Doctor</a>}
        <span class="who">{me.user}<small>{me.role}</small></span>
        {me.csrf && <button class="quiet small" onClick={() => void signOut().finally(() => location.assign("/sign-in"))}>Sign out</button>}
      </header>
      {route.view === "case" ? <CasePage key={route.id} id={route.id} me={me} />
        : route.view === "doctor" ? <Doctor /> : <Cases me={me} />}
    </>
  );
}

render(<Page />, document.getElementById("page")!);
