import { expect, test } from "vitest";
import { choices, everything, filterOf, isEverything } from "./filter";

test("a field that is empty leaves out nothing", () => {
  expect(filterOf(everything)).toEqual({});
  expect(isEverything({ ...everything, text: "  " })).toBe(true);
});

test("no answer is a status of its own, and not an absent one", () => {
  expect(filterOf({ ...everything, status: "0" })).toEqual({ status_class: 0 });
  expect(isEverything({ ...everything, status: "0" })).toBe(false);
});

test("each field is asked for, without the space around a text", () => {
  const wanted = { text: " payins ", status: "4", key: "payments-dev", host: "localhost:8443" };
  expect(filterOf(wanted)).toEqual({
    text: "payins",
    status_class: 4,
    key: "payments-dev",
    host: "localhost:8443",
  });
});

test("what is chosen can be seen even if no entry has it any more", () => {
  const offered = choices("Any key", ["b", "a", "b"], "gone").map(({ value }) => value);
  expect(offered).toEqual(["", "a", "b", "gone"]);
});
