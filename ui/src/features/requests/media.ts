/** What kind of thing an answer's body is, by its content type. */
export interface Media {
  /** `application/json`, without parameters; empty if the answer does not say. */
  type: string;
  shown: "image" | "json" | "text";
  /** How a file of it is called. */
  extension: string;
}

/** Pictures that every supported engine decodes. An SVG is shown as the text that it is. */
const IMAGES: Record<string, string> = {
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/gif": "gif",
  "image/webp": "webp",
  "image/bmp": "bmp",
  "image/x-icon": "ico",
  "image/vnd.microsoft.icon": "ico",
};
const TEXTS: Record<string, string> = {
  "text/html": "html",
  "text/csv": "csv",
  "text/xml": "xml",
  "application/xml": "xml",
  "image/svg+xml": "svg",
  "application/pdf": "pdf",
  "application/zip": "zip",
};

export function media(headers: readonly [string, string][], isText: boolean): Media {
  const header = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1] ?? "";
  const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  const image = IMAGES[type];
  if (image && !isText) return { type, shown: "image", extension: image };
  if (/[/+]json$/.test(type)) return { type, shown: "json", extension: "json" };
  return { type, shown: "text", extension: TEXTS[type] ?? (isText ? "txt" : "bin") };
}

/** A name for the file that a body is saved to: what the URL calls it. */
export function fileName(url: string, extension: string): string {
  const path = url.split(/[?#]/)[0] ?? "";
  const last = path
    .replace(/^[a-z]+:\/\/[^/]*/i, "")
    .split("/")
    .filter(Boolean)
    .at(-1);
  const name = (last ?? "answer").replace(/[^\w.-]+/g, "_").slice(0, 60);
  return name.toLowerCase().endsWith(`.${extension}`) ? name : `${name}.${extension}`;
}
