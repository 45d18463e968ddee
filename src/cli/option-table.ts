/** The shape of an application's table of options, and the type of the options parsed by it. */

/** What every row has. Rows that share a `key` exclude one another. */
interface RowBase {
  /** Name of the value in the parsed options. */
  readonly key: string;
  /** Keys of one family are one thing to set: the strongest place that gives any of them gives all. `key` if left out. */
  readonly family?: string;
  /** A whole word such as `-aet` or `-x=`, never a bundle of letters. */
  readonly short?: string;
  readonly long: string;
  readonly help: string;
}

/** What a shell offers for a value. */
export type Completes = 'file' | 'folder';

/** `true` if given. */
export interface FlagRow extends RowBase {
  /** Taken from a variable of the environment as well: see environment.ts. */
  readonly env?: true;
}

/** Ends the parsing: whatever else the command line says, `action` is to be done. */
export interface ActionRow extends RowBase {
  readonly action: 'help' | 'version';
}

/** Likewise, `--completion` with one of `choices`. */
export interface CompletionRow extends RowBase {
  readonly action: 'completion';
  readonly value: string;
  readonly choices: Readonly<Record<Shell, Shell>>;
}

/** Names the file that the options which the command line leaves out are read from. */
export interface ConfigRow extends RowBase {
  readonly action: 'config';
  readonly value: string;
  readonly parse: (text: string) => string;
  readonly completes: 'file';
}

/** A flag that stands for a word: `sets`. */
export interface ConstantRow extends RowBase {
  readonly sets: string;
  /** What the key is if none of its rows is given. */
  readonly default?: true;
}

/** An option with a value. */
export interface ValueRow extends RowBase {
  /** How the help names the value: `[n]umber (int)`. */
  readonly value: string;
  /** Throws an Error whose message says what is wrong. */
  readonly parse: (text: string) => unknown;
  /** As it would be typed. */
  readonly default?: string;
  readonly completes?: Completes;
  readonly env?: true;
}

/** An option with a value that may be given several times: all values in their order, none if it is not given. */
export interface RepeatableRow extends RowBase {
  readonly value: string;
  readonly parse: (text: string) => unknown;
  readonly many: true;
  readonly completes?: Completes;
}

/** An option whose value is one of the names of `choices`; each stands for the value behind it. */
export interface ChoiceRow extends RowBase {
  readonly value: string;
  readonly choices: Readonly<Record<string, string>>;
  readonly default?: string;
  readonly env?: true;
}

/** An option of the work. */
export type SettingRow = FlagRow | ConstantRow | ValueRow | RepeatableRow | ChoiceRow;
export type OptionRow = SettingRow | ActionRow | CompletionRow | ConfigRow;

export interface PositionalRow {
  readonly key: string;
  readonly name: string;
  readonly help: string;
  readonly parse: (text: string) => unknown;
  readonly completes?: Completes;
  readonly env?: true;
  /** Only for the last: takes all that follow, one at least. */
  readonly many?: true;
  /** Keys of the options each of which lets it be left out: `many` are none then, one is undefined. */
  readonly optionalWith?: readonly string[];
}

export interface OptionGroup {
  readonly title: string;
  readonly options: readonly OptionRow[];
}

/** Everything that parser, help, manual page, completion and schema say about an application. */
export interface Application {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly positionals: readonly PositionalRow[];
  readonly groups: readonly OptionGroup[];
  /** Variables of the environment that stand for no option, such as secrets, with what they are. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly exitCodes: Readonly<Record<number, string>>;
}

type RowOf<A extends Application> = A['groups'][number]['options'][number];
type ParsedRow<R> = R extends { readonly parse: (text: string) => infer V }
  ? R extends { readonly many: true }
    ? readonly V[]
    : V
  : R extends { readonly choices: Readonly<Record<string, infer V>> }
    ? V
    : R extends { readonly sets: infer V }
      ? V
      : boolean;
type HasDefault<R> = [Extract<R, { readonly default: unknown } | { readonly many: true }>] extends [never]
  ? false
  : true;
type IsFlag<R> = [Exclude<R, { readonly sets: string } | { readonly value: string }>] extends [never] ? false : true;
type ParsedKey<R> = ParsedRow<R> | (true extends HasDefault<R> | IsFlag<R> ? never : undefined);
type ParsedPositional<P extends PositionalRow> = P extends { readonly many: true }
  ? readonly ReturnType<P['parse']>[]
  : ReturnType<P['parse']> | (P extends { readonly optionalWith: readonly string[] } ? undefined : never);

/** The parsed options of an application, typed by its table; `undefined` is "not given and no default". */
export type OptionsOf<A extends Application> = {
  readonly [R in Exclude<RowOf<A>, { readonly action: string }> as R['key']]: ParsedKey<
    Extract<RowOf<A>, { readonly key: R['key'] }>
  >;
} & {
  readonly [P in A['positionals'][number] as P['key']]: ParsedPositional<P>;
};

export type Shell = 'bash' | 'zsh' | 'fish';

/** What a command line asks for besides the work. */
export type Information =
  | { readonly action: 'help' }
  | { readonly action: 'version' }
  | { readonly action: 'completion'; readonly shell: Shell };

export type CommandLine<A extends Application> =
  | Information
  | { readonly action: 'run'; readonly options: OptionsOf<A> };

export function optionRows(application: Application): readonly OptionRow[] {
  return application.groups.flatMap(({ options }) => options);
}

/** The rows whose values make up the parsed options. */
export function settingRows(application: Application): readonly SettingRow[] {
  return optionRows(application).filter((row) => !('action' in row));
}
