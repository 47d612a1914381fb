import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";

/**
 * Takes a file or directory away like a disk that fails: it can neither be read, nor written, nor made again. Returns
 * the way to bring it back.
 */
export function lose(path: string): () => void {
  const away = `${path}.away`;
  const isDirectory = statSync(path).isDirectory();
  renameSync(path, away);
  if (isDirectory) writeFileSync(path, "");
  else mkdirSync(path);
  return () => {
    rmSync(path, { recursive: true });
    renameSync(away, path);
  };
}
