import { expect, test } from "vitest";
import { cells, set, spoken } from "./parts";

const piece = (text: string, differs = false, invisible = false) => ({ text, differs, invisible });

test("a line ends behind the name of its end", () => {
  const shown = cells([piece("a"), piece("LF", true, true), piece("LF"), piece("CR", false, true)]);
  expect(shown.map(({ ends }) => ends)).toEqual([false, true, false, false]);
});

test("what differs or is not known comes before what is the same", () => {
  const part = (name: string, same: boolean | null) => ({ name, received: [], signed: null, same });
  const parts = [part("a", true), part("b", false), part("c", null)];
  expect(set(parts).open.map(({ name }) => name)).toEqual(["b", "c"]);
  expect(set(parts).same.map(({ name }) => name)).toEqual(["a"]);
});

test("a mark is heard, and so is what can't be seen", () => {
  expect(spoken([piece("{}"), piece("LF", true, true)])).toBe("{} differs: (LF)");
});
