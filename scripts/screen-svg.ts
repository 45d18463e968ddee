/** Screens of a terminal as an SVG that shows one after another, and the last where nothing moves. */

/** Text of a screen, line by line, and how long it stays. */
export interface TimedScreen {
  readonly text: string;
  readonly ms: number;
}

const FONT_SIZE = 14;
/** Of the usual fonts of terminals. */
const CHARACTER_WIDTH = FONT_SIZE * 0.6;
const LINE_HEIGHT = FONT_SIZE * 1.4;
const MARGIN = 16;

export function screenSvg(
  screens: readonly TimedScreen[],
  { columns, rows }: { readonly columns: number; readonly rows: number },
): string {
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = Math.ceil(rows * LINE_HEIGHT + 2 * MARGIN);
  const all = screens.reduce((sum, { ms }) => sum + ms, 0);
  const rules: string[] = [];
  const groups: string[] = [];
  let from = 0;
  for (const [index, { text, ms }] of screens.entries()) {
    const isLast = index === screens.length - 1;
    const [begin, end] = [from, from + ms].map((at) => ((100 * at) / all).toFixed(3));
    const off = 'visibility:hidden';
    const on = 'visibility:visible';
    rules.push(`@keyframes s${index}{0%{${off}}${begin}%{${on}}${isLast ? `100%{${on}}` : `${end}%,100%{${off}}`}}`);
    rules.push(`#s${index}{${isLast ? on : off};animation:s${index} ${all}ms step-end infinite}`);
    groups.push(`<g id="s${index}">${lines(text)}</g>`);
    from += ms;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">
<title>storescu sends a folder to storescp in a terminal</title>
<style>
text{font:${FONT_SIZE}px ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#d7dae0;white-space:pre}
.typed{fill:#8fd18f}
.bad{fill:#ffb454}
${rules.join('\n')}
</style>
<rect width="${width}" height="${height}" rx="8" fill="#15181d"/>
${groups.join('\n')}
</svg>
`;
}

function lines(screen: string): string {
  return screen
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      if (line === '') return '';
      const y = (MARGIN + (index + 0.8) * LINE_HEIGHT).toFixed(1);
      const kind = line.startsWith('$ ') ? ' class="typed"' : /^[WE]: /.test(line) ? ' class="bad"' : '';
      return `<text x="${MARGIN}" y="${y}"${kind}>${escaped(line)}</text>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
