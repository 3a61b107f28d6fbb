/** JSON as text: laid out and checked without being changed. */

/**
 * JSON with one value a line. Numbers and strings stay as they were typed: a parser would round what
 * does not fit into a double. `undefined` if it is no JSON.
 */
export function indented(text: string): string | undefined {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  // Tokens: strings, punctuation, and the words and numbers between them.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g) ?? [];
  const out: string[] = [];
  let depth = 0;
  tokens.forEach((token, at) => {
    if (token === "{" || token === "[") {
      out.push(token);
      depth += 1;
      const next = tokens[at + 1];
      if (next !== "}" && next !== "]") out.push("\n", "  ".repeat(depth));
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const before = tokens[at - 1];
      if (before !== "{" && before !== "[") out.push("\n", "  ".repeat(depth));
      out.push(token);
    } else if (token === ",") out.push(",\n", "  ".repeat(depth));
    else if (token === ":") out.push(": ");
    else out.push(token);
  });
  return out.join("");
}

export interface JsonProblem {
  line: number;
  column: number;
  text: string;
}

/** What keeps a text from being JSON and where, or `undefined`. */
export function problem(text: string): JsonProblem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    const at = failsAt(text);
    const before = text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    const rest = text.slice(at).trimStart();
    const found = rest === "" ? "the text ends too early" : `“${rest[0]}” can't stand here`;
    return { line, column, text: found };
  }
}

/** The offset of the first character at which no JSON goes on. Engines word their errors differently. */
function failsAt(text: string): number {
  const token =
    /[ \t\r\n]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)|([{}[\],:]))/y;
  // What may come next: a value, a name, a colon, or what goes on or closes.
  type Wanted = "value" | "first" | "name" | "firstName" | "colon" | "more" | "end";
  const open: ("{" | "[")[] = [];
  let wanted: Wanted = "value";
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const found = token.exec(text);
    const start = at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
    if (!found) return start;
    const [, string, word, mark] = found;
    const closes: string = open.at(-1) === "{" ? "}" : "]";
    const isValue = wanted === "value" || wanted === "first";
    const after = (): Wanted => (open.length === 0 ? "end" : "more");
    if (string !== undefined && (wanted === "name" || wanted === "firstName")) wanted = "colon";
    else if ((string !== undefined || word !== undefined) && isValue) wanted = after();
    else if (mark === ":" && wanted === "colon") wanted = "value";
    else if (mark === "{" && isValue) {
      open.push("{");
      wanted = "firstName";
    } else if (mark === "[" && isValue) {
      open.push("[");
      wanted = "first";
    } else if (mark === "," && wanted === "more") wanted = open.at(-1) === "{" ? "name" : "value";
    else if (
      mark === closes &&
      open.length > 0 &&
      (wanted === "more" || (wanted === "first" && mark === "]") || wanted === "firstName")
    ) {
      open.pop();
      wanted = after();
    } else return start;
    at = token.lastIndex;
  }
}
