/**
 * The query of a URL as a table, and back. The URL is what counts: a parameter that was not touched
 * keeps every byte, since a signature covers them.
 */
export interface Parameter {
  name: string;
  value: string;
  /** As it stands in the URL. */
  raw: string;
}

/** A placeholder, which is filled in before a URL is read as one. */
const PLACEHOLDER = /\{\{[^{}]*\}\}/g;

interface Parts {
  base: string;
  query: string | undefined;
  fragment: string;
}

function parts(url: string): Parts {
  const hash = url.indexOf("#");
  const fragment = hash < 0 ? "" : url.slice(hash);
  const rest = hash < 0 ? url : url.slice(0, hash);
  const mark = rest.indexOf("?");
  if (mark < 0) return { base: rest, query: undefined, fragment };
  return { base: rest.slice(0, mark), query: rest.slice(mark + 1), fragment };
}

export function parameters(url: string): Parameter[] {
  const { query } = parts(url);
  if (!query) return [];
  return query.split("&").map((raw) => {
    const equals = raw.indexOf("=");
    return equals < 0
      ? { name: decoded(raw), value: "", raw }
      : { name: decoded(raw.slice(0, equals)), value: decoded(raw.slice(equals + 1)), raw };
  });
}

/** The URL with another query; without one if there are no parameters. */
export function withParameters(url: string, list: readonly Parameter[]): string {
  const { base, fragment } = parts(url);
  if (list.length === 0) return base + fragment;
  return `${base}?${list.map(({ raw }) => raw).join("&")}${fragment}`;
}

export function parameter(name: string, value: string): Parameter {
  return { name, value, raw: `${encoded(name)}=${encoded(value)}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

function encoded(text: string): string {
  let out = "";
  let at = 0;
  for (const found of text.matchAll(PLACEHOLDER)) {
    out += encodeURIComponent(text.slice(at, found.index)) + found[0];
    at = found.index + found[0].length;
  }
  return out + encodeURIComponent(text.slice(at));
}
