/** Files as a person hands them over: chosen, a folder chosen, or dropped. */

/** `from` is the name of the folder that was handed over, or of the file. */
export interface Given { path: string; file: File; from: string }

const HIDDEN = /(^|\/)(\.|__MACOSX\/|Thumbs\.db$|desktop\.ini$)/;

/** Chosen files; of a folder, its own name is left out, so that paths begin inside the case. */
export function chosen(list: FileList): Given[] {
  return seen([...list].map((file) => {
    const inFolder = file.webkitRelativePath;
    const cut = inFolder.indexOf("/");
    return inFolder ? { path: inFolder.slice(cut + 1), file, from: inFolder.slice(0, cut) } : { path: file.name, file, from: bare(file.name) };
  }));
}

/** Everything below what was dropped. The entries have to be taken before the event is over. */
export async function dropped(transfer: DataTransfer): Promise<Given[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const single = entries.length === 1 && entries[0]!.isDirectory;
  const found = (await Promise.all(entries.map((entry) => below(entry)))).flat();
  return seen(found.map(({ path, file, from }) => ({ path: single ? path.slice(path.indexOf("/") + 1) : path, file, from })));
}

async function below(entry: FileSystemEntry): Promise<Given[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    return [{ path, file, from: bare(path.split("/")[0]!) }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const inside: FileSystemEntry[] = [];
  for (;;) {
    const more = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (more.length === 0) break;
    inside.push(...more);
  }
  return (await Promise.all(inside.map(below))).flat();
}

const bare = (name: string): string => name.replace(/\.[^.]+$/, "");

const seen = (given: Given[]): Given[] => given.filter(({ path }) => !HIDDEN.test(path));

export function sized(bytes: number): string {
  const steps = ["B", "kB", "MB", "GB"];
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${steps[step]}`;
}
