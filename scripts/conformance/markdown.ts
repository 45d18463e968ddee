/** Tables in Markdown, and the places in a document that they are written to. */

/** A table whose first row is its head. Text of the cells is taken as Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
}

/**
 * `text` with each part between `<!-- generated: NAME -->` and `<!-- end of NAME -->` written anew.
 * @throws {Error} on a part without a place, and a place without a part
 */
export function fill(text: string, parts: ReadonlyMap<string, string>): string {
  const missing = new Set(parts.keys());
  const filled = text.replace(/(<!-- generated: (\S+) -->\n).*?(<!-- end of \2 -->)/gs, (_, head, name, end) => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`nothing is generated for ${name}`);
    missing.delete(name);
    return `${head}\n${part}\n\n${end}`;
  });
  if (missing.size > 0) throw new Error(`no place for ${[...missing].join(', ')}`);
  return filled;
}
