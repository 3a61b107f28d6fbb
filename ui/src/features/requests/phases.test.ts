import { expect, test } from "vitest";
import { phases } from "./phases";

test("each phase begins where the one before ended", () => {
  const timings = {
    dns_ms: 1,
    connect_ms: 2,
    tls_ms: 0,
    first_byte_ms: 4,
    download_ms: 5,
    total_ms: 12,
  };
  expect(phases(timings).map(({ from, ms }) => [from, ms])).toEqual([
    [0, 1],
    [1, 2],
    [3, 0],
    [3, 4],
    [7, 5],
  ]);
});
