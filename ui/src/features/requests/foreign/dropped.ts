/** Files that are dropped on a field. */
import { bytes } from "$/kit/format";

/** The longest file that is read into a field, in bytes. */
const MOST = 16 * 1024 * 1024;

/** Why a file is not read; nothing if it is. */
export function readable(file: { name: string; size: number }): string | undefined {
  if (file.size > MOST)
    return `${file.name} has ${bytes(file.size)}; ${bytes(MOST)} can be read here`;
  return undefined;
}
