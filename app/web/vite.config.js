import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;
const SOURCES = ["index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.js"];

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
}

/** SHA-256 over "NAME NUL DIGEST NEWLINE" of every source file, by name: a test compares it without node. */
function sourceDigest() {
  const names = [...SOURCES, ...filesBelow(join(root, "src")), ...filesBelow(join(root, "public"))].sort();
  const whole = createHash("sha256");
  for (const name of names) {
    const digest = createHash("sha256").update(readFileSync(join(root, name))).digest("hex");
    whole.update(`${name}\0${digest}\n`);
  }
  return `${whole.digest("hex")}\n`;
}

/** The folder of the package that a bundled module comes from; null for the project's own. */
function packageOf(id) {
  const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.replace(/^\0/, "").split("?")[0]);
  return found ? found[1] : null;
}

function licenceOf(folder) {
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name));
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${about.name} ${about.version} (${about.license})\n\n${text || "The package holds no text of its licence."}`;
}

/** Writes the licences of everything bundled, and the digest of what was built. */
function record() {
  const bundled = new Set();
  return {
    name: "record",
    apply: "build",
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        for (const id of chunk.moduleIds ?? []) {
          const folder = packageOf(id);
          if (folder) bundled.add(folder);
        }
      }
      const rule = `\n\n${"-".repeat(80)}\n\n`;
      const texts = [...bundled].map(licenceOf).sort();
      this.emitFile({ type: "asset", fileName: "LICENCES.txt", source: `${texts.join(rule)}\n` });
      this.emitFile({ type: "asset", fileName: "source.sha256", source: sourceDigest() });
    },
  };
}

export default defineConfig({
  root,
  plugins: [record()],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: { alias: { xmlbuilder2: join(root, "src/viewer/noxml.ts") } },
  worker: { format: "es" },
  build: {
    outDir: "built",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 4000,
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What others wrote changes seldom: apart from our own, its files keep their names.
        codeSplitting: {
          groups: [
            { name: "imaging", test: /node_modules\/(@cornerstonejs|@kitware|gl-matrix|comlink|loglevel|d3-|lodash|clipper2|fast-deep|globalthis|seedrandom|spark-md5|fflate|pako|utif|webworker|@babel|core-js)/ },
            { name: "slides", test: /node_modules\/openseadragon/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": "http://127.0.0.1:8765" } },
});
