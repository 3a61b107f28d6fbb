/** Cookies as an answer sets them (RFC 6265, section 4.1). */
export interface Cookie {
  name: string;
  value: string;
  /** The attributes in words, in the order in which they came. */
  attributes: string[];
  /** What a browser or a reviewer would stumble over. */
  remarks: string[];
}

export function cookies(headers: readonly [string, string][], https: boolean): Cookie[] {
  return headers
    .filter(([name]) => name.toLowerCase() === "set-cookie")
    .map(([, line]) => cookie(line, https));
}

function cookie(line: string, https: boolean): Cookie {
  const [pair = "", ...rest] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const name = equals < 0 ? "" : pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  const attributes = rest.filter(Boolean);
  const has = (wanted: string) =>
    attributes.find((one) => one.split("=")[0]?.trim().toLowerCase() === wanted);
  const sameSite = has("samesite")?.split("=")[1]?.trim().toLowerCase();
  const remarks: string[] = [];
  if (name === "") remarks.push("It has no name, so clients treat it differently.");
  if (https && !has("secure")) remarks.push("Without Secure it also goes over plain HTTP.");
  if (!has("httponly")) remarks.push("Without HttpOnly scripts of the page can read it.");
  if (sameSite === "none" && !has("secure"))
    remarks.push("SameSite=None without Secure is dropped by browsers.");
  if (name.startsWith("__Host-") && (has("domain") || !has("secure") || has("path") !== "Path=/"))
    remarks.push("__Host- asks for Secure, Path=/ and no Domain: browsers drop it.");
  return { name, value, attributes, remarks };
}
