/** In place of the XML writer that vtk.js's exporters want: nothing here exports, and the writer needs node's modules. */
export function create(): never {
  throw new Error("this page writes no XML");
}
