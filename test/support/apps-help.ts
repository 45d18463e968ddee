/** What a `--help` text says, read back from it. */

/** `--name value` for each option that the text gives a default value for, in the order of the text. */
export function defaultsInHelp(text: string): string[] {
  const entries = text.split(/\n(?= +-)/).map((entry) => entry.replace(/\s+/g, ' '));
  return entries.flatMap((entry) => {
    const [, name, value] = /(--[\w-]+).*?\(default: ([^)]*)\)/.exec(entry) ?? [];
    return name === undefined ? [] : [`${name} ${value}`];
  });
}

/** Those of `names` that no line of the text begins with, as a short or a long option or an exit code. */
export function missingInHelp(text: string, names: readonly string[]): string[] {
  const words = new Set(text.split('\n').flatMap((line) => (/^ {2}/.test(line) ? line.trim().split(/\s+/, 2) : [])));
  return names.filter((name) => !words.has(name));
}

/** Those of TLS that both applications have. */
export const TLS_OPTIONS = [
  ...['--tls', '--tls-key', '--tls-cert', '--tls-ca', '--tls-crl', '--tls-passphrase-file', '--tls-profile'],
] as const;
