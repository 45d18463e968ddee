/** Taking single things out of lists. */

/**
 * Takes `item` out of `items`, if it is there. For what many things go through one after the other, a list is better than a `Set`
 * or a `Map`: each table that one of those has outgrown refers to the next, so that V8, once it has put one among its old objects,
 * keeps all that comes later until it collects those.
 */
export function remove<T>(items: T[], item: T): void {
  const position = items.indexOf(item);
  if (position === 0) items.shift();
  else if (position > 0) items.splice(position, 1);
}
