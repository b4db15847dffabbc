/** A sentence, or its forms. */
export type Entry = string | { one: string; other: string };

/** The same keys in another language. */
export type Words<T> = { [K in keyof T]: Entry };
