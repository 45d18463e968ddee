/** Loaded before an application (`node --import`): leaves its peak resident memory, in kilobytes, in the file PEAK_FILE. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const path = process.env.PEAK_FILE;
  if (path !== undefined) writeFileSync(path, `${process.resourceUsage().maxRSS}`);
});
