// Holds every dashboard against Grafana's types: JSON that is imported has wider types than what is
// written in a program, so each dashboard is written into one.

import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const here = path.dirname(fileURLToPath(import.meta.url));
const dashboards = path.join(here, "../dashboards");
const out = path.join(here, "node_modules/.dashboards");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const programs = readdirSync(dashboards).map((name) => {
  const program = path.join(out, `${name}.ts`);
  const json = readFileSync(path.join(dashboards, name), "utf8");
  const head = 'import type { Checked } from "../../types"; export const dashboard: Checked =';
  writeFileSync(program, `${head}\n${json}`);
  return program;
});
const found = ts.getPreEmitDiagnostics(
  ts.createProgram(programs, {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  }),
);
for (const diagnostic of found) {
  const name = path.basename(diagnostic.file?.fileName ?? "", ".ts");
  // The first line is the program's own.
  const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start).line ?? 0;
  console.error(`${name}:${line}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n")}`);
}
console.log(`${programs.length} dashboards, ${found.length} faults`);
process.exit(programs.length > 0 && found.length === 0 ? 0 : 1);
