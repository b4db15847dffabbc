/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A flag as flagd defines it. What is not known here stays as it is. */
export interface Definition {
  state?: 'ENABLED' | 'DISABLED';
  variants?: Record<string, Json>;
  defaultVariant?: string | null;
  targeting?: Json;
  metadata?: Record<string, Json>;
  [more: string]: Json | undefined;
}

/** What all values of a flag are. */
export type Kind = 'bool' | 'string' | 'number' | 'object';

export function isObject(value: unknown): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The kind of a value; a list can be no value of a flag. */
export function kindOf(value: Json | undefined): Kind | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
    case 'number':
      return typeof value as 'string' | 'number';
    default:
      return isObject(value) ? 'object' : undefined;
  }
}

/** The kind of a flag by its first variant. */
export function kindOfFlag(definition: Definition): Kind {
  return kindOf(Object.values(definition.variants ?? {})[0]) ?? 'bool';
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The definition as people read and write it. */
export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** Reads a definition somebody wrote. Anything but an object is none. */
export function parseDefinition(text: string): Definition | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A definition with some members set; those without a value are removed, and the others keep their place. */
export function withMembers<T extends Record<string, Json | undefined>>(object: T, change: Partial<T>): T {
  const next = { ...object, ...change };
  for (const key of Object.keys(next)) if (next[key] === undefined) Reflect.deleteProperty(next, key);
  return next;
}

/** Sets members of the metadata; without any there is none. */
export function withMetadata(definition: Definition, change: Record<string, Json | undefined>): Definition {
  const metadata = withMembers<Record<string, Json | undefined>>(definition.metadata ?? {}, change);
  return withMembers(definition, {
    metadata: Object.keys(metadata).length > 0 ? (metadata as Record<string, Json>) : undefined,
  } as Partial<Definition>);
}

/** Text of the metadata. */
export function note(definition: Definition, name: string): string {
  const value = definition.metadata?.[name];
  return typeof value === 'string' ? value : '';
}

/** A new name for a variant that no other has. */
export function freshName(names: readonly string[], wanted: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${String(n)}`;
    if (!names.includes(name)) return name;
  }
}

/** Every place in the rules that names a variant, renamed. Only what a rule serves can name one. */
export function renameVariant(definition: Definition, from: string, to: string): Definition {
  const variants = Object.fromEntries(
    Object.entries(definition.variants ?? {}).map(([name, value]) => [name === from ? to : name, value]),
  );
  return withMembers(definition, {
    variants,
    ...(definition.defaultVariant === from && { defaultVariant: to }),
    ...(definition.targeting !== undefined && {
      targeting: renameServed(definition.targeting, from, to),
    }),
    ...(definition.metadata?.['killedVariant'] === from && {
      metadata: { ...definition.metadata, killedVariant: to },
    }),
  } as Partial<Definition>);
}

function renameServed(node: Json, from: string, to: string): Json {
  if (node === from) return to;
  if (!isObject(node)) return node;
  const branches = node['if'];
  if (Array.isArray(branches))
    return {
      ...node,
      if: branches.map((branch, index) =>
        // Conditions stand before what they lead to; the last of an odd number leads to something, too.
        index % 2 === 1 || index === branches.length - 1 ? renameServed(branch, from, to) : branch,
      ),
    };
  const split = node['fractional'];
  if (Array.isArray(split))
    return {
      ...node,
      fractional: split.map((part) =>
        Array.isArray(part) && part[0] === from ? [to, ...part.slice(1)] : part,
      ),
    };
  return node;
}
