/** Log-log plots as one SVG, panels side by side and below one another. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly Point[];
  /** For what is not measured but drawn to compare with. */
  readonly isDashed?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xTicks: readonly { readonly at: number; readonly label: string }[];
  readonly series: readonly Series[];
}

const COLUMNS = 2;
const PANEL = { width: 460, height: 320 };
const FRAME = { left: 62, right: 34, top: 58, bottom: 50 };
const INNER = { width: PANEL.width - FRAME.left - FRAME.right, height: PANEL.height - FRAME.top - FRAME.bottom };
const GREY = '#6b7280';

export function svgOf(panels: readonly Panel[]): string {
  const width = COLUMNS * PANEL.width;
  const height = Math.ceil(panels.length / COLUMNS) * PANEL.height;
  const drawn = panels.map((panel, index) => {
    const [x, y] = [(index % COLUMNS) * PANEL.width, Math.floor(index / COLUMNS) * PANEL.height];
    return `<g transform="translate(${x} ${y})">\n${drawPanel(panel).join('\n')}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>How cost grows</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

function drawPanel({ title, xLabel, yLabel, xTicks, series }: Panel): readonly string[] {
  const points = series.flatMap((each) => each.points);
  const x = logScale(
    xTicks.map(({ at }) => at),
    FRAME.left,
    FRAME.left + INNER.width,
  );
  const decades = decadesAround(points.map((point) => point.y));
  const y = logScale(decades, FRAME.top + INNER.height, FRAME.top);
  const [right, bottom] = [FRAME.left + INNER.width, FRAME.top + INNER.height];
  const middle = FRAME.top + INNER.height / 2;
  return [
    text(title, FRAME.left, 20, 'font-weight="bold" font-size="13"'),
    ...legend(series),
    ...decades.flatMap((decade) => [
      line({ x: FRAME.left, y: y(decade) }, { x: right, y: y(decade) }, 'stroke="#e5e7eb"'),
      text(`${decade}`, FRAME.left - 6, y(decade) + 4, 'text-anchor="end"'),
    ]),
    ...xTicks.flatMap(({ at, label }) => [
      line({ x: x(at), y: bottom }, { x: x(at), y: bottom + 4 }, `stroke="${GREY}"`),
      text(label, x(at), bottom + 18, 'text-anchor="middle"'),
    ]),
    line({ x: FRAME.left, y: bottom }, { x: right, y: bottom }, `stroke="${GREY}"`),
    text(xLabel, FRAME.left + INNER.width / 2, bottom + 38, `text-anchor="middle" fill="${GREY}"`),
    text(yLabel, 14, middle, `text-anchor="middle" fill="${GREY}" transform="rotate(-90 14 ${middle})"`),
    ...series.flatMap((each) => drawSeries(each, x, y)),
  ];
}

function drawSeries({ points, colour, isDashed }: Series, x: Scale, y: Scale): readonly string[] {
  const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(' ');
  const dashes = isDashed === true ? ' stroke-dasharray="4 4"' : '';
  const width = isDashed === true ? 1 : 2;
  const marks = points.map(
    (point) => `<circle cx="${x(point.x).toFixed(1)}" cy="${y(point.y).toFixed(1)}" r="3" fill="${colour}"/>`,
  );
  const stroke = `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${width}"${dashes}/>`;
  return isDashed === true ? [stroke] : [stroke, ...marks];
}

function legend(series: readonly Series[]): readonly string[] {
  const room = INNER.width / series.length;
  return series.flatMap(({ name, colour, isDashed }, index) => {
    const from = { x: FRAME.left + index * room, y: 38 };
    const style = `stroke="${colour}" stroke-width="2"${isDashed === true ? ' stroke-dasharray="4 4"' : ''}`;
    return [line(from, { x: from.x + 18, y: from.y }, style), text(name, from.x + 23, from.y + 4)];
  });
}

type Scale = (value: number) => number;

function logScale(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  return (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
}

function decadesAround(values: readonly number[]): readonly number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values))), low + 1);
  return Array.from({ length: high - low + 1 }, (_, index) => Number(`1e${low + index}`));
}

function line(from: Point, to: Point, style: string): string {
  const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map((value) => value.toFixed(1));
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${style}/>`;
}

function text(content: string, x: number, y: number, style = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${content}</text>`;
}
