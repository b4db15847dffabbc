import type { JSONSchema } from '../api/types';

/** What kind of values a field holds. */
export type FieldType =
  'text' | 'integer' | 'number' | 'boolean' | 'time' | 'duration' | 'enum' | 'list' | 'set' | 'object';

/** One field of a resource, as its description declares it. */
export interface ResourceField {
  name: string;
  title: string;
  doc?: string;
  type: FieldType;
  values?: string[];
  /** It has a column in the table. */
  list: boolean;
  filter: boolean;
  operators?: string[];
  sort: boolean;
  read_only: boolean;
  unit?: string;
}

/** Something that can be done to many items at once. */
export interface ResourceAction {
  name: string;
  title: string;
  danger?: boolean;
  confirm?: string;
  input_schema?: JSONSchema;
}

/** What the server says of a resource; all of its screens are made from this. */
export interface Description {
  module: string;
  name: string;
  title: string;
  singular: string;
  /** Where it is, such as `api/v1/m/shop/customers`. */
  path: string;
  /** The field that names an item in addresses. */
  key: string;
  /** The field that names an item for people. */
  label: string;
  may: { create: boolean; update: boolean; delete: boolean; export: boolean };
  search: boolean;
  search_hint?: string;
  default_sort?: string;
  fields: ResourceField[];
  create_schema?: JSONSchema;
  update_schema?: JSONSchema;
  actions: ResourceAction[];
  export: string[];
}

/** One item; only its resource knows more. */
export type Item = Record<string, unknown>;

/** An item with the entity tag its changes are based on. */
export interface Tagged {
  item: Item;
  etag: string;
}

/** What an action did to one item. */
export interface ActionResult {
  id: string;
  ok: boolean;
  error?: { code: string; detail: string };
}

/** The key of an item, for addresses and selections. */
export function keyOf(about: Description, item: Item): string {
  return String(item[about.key] ?? '');
}

/** The name of an item for people; its key where it has none. */
export function labelOf(about: Description, item: Item): string {
  const label = item[about.label];
  return typeof label === 'string' && label !== '' ? label : keyOf(about, item);
}
