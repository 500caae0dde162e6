/** What is installed on the server, what works, and how to get what is missing. */
import { useEffect } from "preact/hooks";
import { get } from "./api";
import { useLoaded } from "./load";
import { Notice, Trouble, Wait } from "./ui";

interface Part { name: string; health: "works" | "missing" | "broken"; found: string; advice: string }

const TOLD: Record<Part["health"], string> = { works: "Works", missing: "Not there", broken: "Broken" };
const COLOUR: Record<Part["health"], string> = { works: "signed", missing: "", broken: "failed" };

export function Doctor() {
  const asked = useLoaded((signal) => get<{ version: string; parts: Part[] }>("/api/doctor", signal), []);
  useEffect(() => { document.title = "Doctor · Caseloom"; }, []);
  const broken = asked.value?.parts.filter((one) => one.health === "broken") ?? [];
  return (
    <main class="cases">
      <div class="heading"><h1>Doctor</h1></div>
      <Trouble problem={asked.problem} retry={asked.reload} />
      {!asked.value && !asked.problem && <Wait>Looking at what is installed</Wait>}
      {asked.value && <>
        {broken.length > 0
          ? <Notice kind="error">Must be mended before a review works: {broken.map((one) => one.name).join(", ")}.</Notice>
          : <Notice kind="good">Caseloom {asked.value.version} can review cases. What is not there is only needed for what it is named for.</Notice>}
        <table class="list parts">
          <thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">Found</th></tr></thead>
          <tbody>
            {asked.value.parts.map((one) => (
              <tr key={one.name}>
                <th scope="row">{one.name}</th>
                <td><span class={`badge ${COLOUR[one.health]}`}>{TOLD[one.health]}</span></td>
                <td>{one.found}{one.advice && <small>{one.advice}</small>}</td>
              </tr>))}
          </tbody>
        </table>
      </>}
    </main>
  );
}
