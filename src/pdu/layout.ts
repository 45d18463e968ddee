/** Layouts: one declaration of where a value lies in the bytes of a PDU, read by the encoder and the decoder alike. */
import { ByteReader, type ByteWriter } from '../base/cursor.js';
import { ProtocolError } from '../base/errors.js';
import { withoutPadding } from '../base/identifiers.js';

/** How a `T` lies in bytes. `read` throws `ProtocolError` where the bytes do not hold one. */
export interface Layout<T> {
  write(writer: ByteWriter, value: T): void;
  read(reader: ByteReader): T;
}

export const uint8: Layout<number> = {
  write: (writer, value) => writer.uint8(value),
  read: (reader) => reader.uint8(),
};

export const uint16: Layout<number> = {
  write: (writer, value) => writer.uint16BE(value),
  read: (reader) => reader.uint16BE(),
};

export const uint32: Layout<number> = {
  write: (writer, value) => writer.uint32BE(value),
  read: (reader) => reader.uint32BE(),
};

/** One byte, 1 for yes. */
export const flag: Layout<boolean> = {
  write: (writer, value) => writer.uint8(value ? 1 : 0),
  read: (reader) => reader.uint8() === 1,
};

/** All that is left, as text without the NUL or space that some peers pad with. */
export const text: Layout<string> = {
  write: (writer, value) => writer.text(value),
  read: (reader) => withoutPadding(reader.text(reader.remaining)),
};

/** All that is left, copied: a PDU outlives the chunk it came in. */
export const bytes: Layout<Buffer> = {
  write: (writer, value) => writer.bytes(value),
  read: (reader) => Buffer.from(reader.bytes(reader.remaining)),
};

/** `layout` with a 16-bit count of its bytes before it. */
export function counted<T>(layout: Layout<T>): Layout<T> {
  return {
    write: (writer, value) => writer.counted16BE(() => layout.write(writer, value)),
    read: (reader) => layout.read(reader.section(reader.uint16BE())),
  };
}

/** As many of `layout` as there are bytes for. */
export function listOf<T>(layout: Layout<T>): Layout<readonly T[]> {
  return {
    write(writer, values) {
      for (const value of values) layout.write(writer, value);
    },
    read(reader) {
      const values: T[] = [];
      while (reader.remaining > 0) values.push(layout.read(reader));
      return values;
    },
  };
}

/** Reserved bytes are sent as zeros and not looked at. */
export function afterReserved<T>(length: number, layout: Layout<T>): Layout<T> {
  return {
    write: (writer, value) => layout.write(writer.zeros(length), value),
    read(reader) {
      reader.skip(length);
      return layout.read(reader);
    },
  };
}

export function thenReserved<T>(layout: Layout<T>, length: number): Layout<T> {
  return {
    write(writer, value) {
      layout.write(writer, value);
      writer.zeros(length);
    },
    read(reader) {
      const value = layout.read(reader);
      reader.skip(length);
      return value;
    },
  };
}

/** The fields of an object one after the other, in the order of the declaration. */
export function fields<T extends object>(layouts: { readonly [K in keyof T]: Layout<T[K]> }): Layout<T> {
  return {
    write(writer, value) {
      for (const key in layouts) layouts[key].write(writer, value[key]);
    },
    read(reader) {
      const value = {} as T;
      for (const key in layouts) value[key] = layouts[key].read(reader);
      return value;
    },
  };
}

/** The fields of `first`, then those of `second`, in one object. */
export function joined<A extends object, B extends object>(first: Layout<A>, second: Layout<B>): Layout<A & B> {
  return {
    write(writer, value) {
      first.write(writer, value);
      second.write(writer, value);
    },
    read: (reader) => ({ ...first.read(reader), ...second.read(reader) }),
  };
}

/** The place of a property among items: how many items it makes, and what it is when none came. */
export interface Slot<T> {
  readonly itemType: number;
  write(writer: ByteWriter, value: T): void;
  /** Takes one item's body in; `before` is what earlier items of the type made. */
  read(body: ByteReader, before: T | undefined): T;
  absent(offset: number): T;
}

/**
 * Items of PS3.8 9.3.2.1 and on: type, reserved byte, 16-bit length, body. Written in the order of the declaration, read in
 * any order. Types that are not declared are skipped (PS3.8 9.3.1); of an item that may come once the first counts.
 */
export function items<T extends object>(slots: { readonly [K in keyof T]: Slot<T[K]> }): Layout<T> {
  return {
    write(writer, value) {
      for (const key in slots) slots[key].write(writer, value[key]);
    },
    read(reader) {
      const value = {} as T;
      while (reader.remaining > 0) {
        const itemType = reader.uint8();
        reader.skip(1);
        const body = reader.section(reader.uint16BE());
        for (const key in slots) {
          if (slots[key].itemType === itemType) value[key] = slots[key].read(body, value[key]);
        }
      }
      for (const key in slots) {
        const found = value[key] ?? slots[key].absent(reader.offset);
        if (found !== undefined) value[key] = found;
      }
      return value;
    },
  };
}

function writeItem<T>(writer: ByteWriter, itemType: number, layout: Layout<T>, value: T): void {
  writer.uint8(itemType).zeros(1);
  counted(layout).write(writer, value);
}

/** At most one item; without it the property is left out. */
export function optional<T>(itemType: number, layout: Layout<T>): Slot<T | undefined> {
  return {
    itemType,
    write(writer, value) {
      if (value !== undefined) writeItem(writer, itemType, layout, value);
    },
    read: (body, before) => before ?? layout.read(body),
    absent: () => undefined,
  };
}

/** One item. Some peers leave it out, which is taken for an empty one. */
export function orEmpty<T>(itemType: number, layout: Layout<T>): Slot<T> {
  return {
    itemType,
    write: (writer, value) => writeItem(writer, itemType, layout, value),
    read: (body, before) => before ?? layout.read(body),
    absent: () => layout.read(new ByteReader(Buffer.alloc(0))),
  };
}

/** One item that nobody can do without; `name` tells the peer's fault in words. */
export function required<T>(itemType: number, layout: Layout<T>, name: string): Slot<T> {
  return {
    ...orEmpty(itemType, layout),
    absent(offset) {
      throw new ProtocolError('invalid-pdu-parameter-value', `the ${name} item is missing`, offset);
    },
  };
}

/** Any number of items, in order. */
export function many<T>(itemType: number, layout: Layout<T>): Slot<T[]> {
  return {
    itemType,
    write(writer, values) {
      for (const value of values) writeItem(writer, itemType, layout, value);
    },
    read(body, before = []) {
      before.push(layout.read(body));
      return before;
    },
    absent: () => [],
  };
}
