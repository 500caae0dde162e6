/** Which view an address shows. */
import { useEffect, useState } from "preact/hooks";

export type Route = { view: "cases" } | { view: "sign-in" } | { view: "doctor" } | { view: "case"; id: string };

function routeOf(path: string): Route {
  const found = /^\/cases\/(c-[0-9a-f]{16})$/.exec(path);
  if (found) return { view: "case", id: found[1]! };
  if (path === "/doctor") return { view: "doctor" };
  return { view: path === "/sign-in" ? "sign-in" : "cases" };
}

export function go(path: string): void {
  history.pushState(null, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.pathname));
  useEffect(() => {
    const moved = () => setRoute(routeOf(location.pathname));
    addEventListener("popstate", moved);
    return () => removeEventListener("popstate", moved);
  }, []);
  return route;
}

/** For links: the page stays, unless the browser is told otherwise. */
export function followed(event: MouseEvent, path: string): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  go(path);
}
