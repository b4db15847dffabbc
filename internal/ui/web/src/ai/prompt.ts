import { queryOptions } from '@tanstack/react-query';
import { ask, get } from '../api/client';
import type * as api from '../api/schema.gen';
import type { Items } from '../api/types';
import type { Subject, Version } from '../versions/subject';
import { aiKey } from './queries';

export type Prompt = api.PromptInfo;
export type Turn = api.PromptTurn;

export const roles = ['system', 'user', 'assistant'] as const;

/** What somebody writes of a template; its variables are those that its texts name. */
export type PromptDraft = Pick<Prompt, 'description' | 'messages' | 'model' | 'flag'>;

export function draftOf({ description, messages, model, flag }: PromptDraft): PromptDraft {
  return { description, messages, model, flag };
}

export function promptPath(name: string, more = ''): string {
  return `ai/prompts/${encodeURIComponent(name)}${more}`;
}

export const promptsKey = [...aiKey, 'prompts'] as const;

export const promptsQuery = queryOptions({
  queryKey: [...promptsKey, 'list'],
  queryFn: async ({ signal }) => (await get<Items<Prompt>>('ai/prompts?limit=200', signal)).items,
});

/** A template as something that has versions. */
export function promptSubject(name: string): Subject {
  return { name, path: promptPath(name), queries: promptsKey };
}

/** A template with the tag that changes of it are based on. */
export function promptQuery(name: string) {
  return queryOptions({
    queryKey: [...promptsKey, 'one', name],
    queryFn: async ({ signal }) => {
      const { data, etag } = await ask<Prompt>('GET', promptPath(name), { signal });
      return { prompt: data, etag };
    },
    staleTime: 0,
  });
}

export function versionsQuery(name: string) {
  return queryOptions({
    queryKey: [...promptsKey, 'versions', name],
    queryFn: async ({ signal }): Promise<Version[]> => {
      const { items } = await get<Items<api.PromptVersion>>(promptPath(name, '/versions?limit=100'), signal);
      return items.map((one) => ({ ...one, content: one.deleted ? null : asText(one) }));
    },
  });
}

const name = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** What is in double braces in a text, in its order; four braces stand for two. `wrong` is the first that is no name. */
export function readText(text: string): { variables: string[]; wrong?: string } {
  const variables = new Set<string>();
  let wrong: string | undefined;
  for (let rest = text; ;) {
    const start = rest.indexOf('{{');
    if (start < 0) break;
    rest = rest.slice(start + 2);
    if (rest.startsWith('{{')) {
      rest = rest.slice(2);
      continue;
    }
    const end = rest.indexOf('}}');
    const found = (end < 0 ? rest : rest.slice(0, end)).replace(/^ +| +$/g, '');
    if (end >= 0 && name.test(found)) variables.add(found);
    else wrong ??= `{{${found.slice(0, 24)}`;
    if (end < 0) break;
    rest = rest.slice(end + 2);
  }
  return { variables: [...variables], ...(wrong !== undefined && { wrong }) };
}

/** The variables of all texts, each once. */
export function variablesOf(messages: readonly Turn[]): string[] {
  return [...new Set(messages.flatMap(({ content }) => readText(content).variables))];
}

/** Whether something must be put right before it can be saved. */
export function troubled(messages: readonly Turn[]): boolean {
  return messages.some(({ content }) => content === '' || readText(content).wrong !== undefined);
}

/** A template as lines of text, for people to compare. */
export function asText({ description, messages, model, flag }: PromptDraft): string {
  const facts = Object.entries({ description, model, flag }).filter(([, value]) => value !== '');
  return [
    ...facts.map(([label, value]) => `${label}: ${value}`),
    ...messages.map(({ role, content }) => `[${role}]\n${content}`),
  ].join('\n\n');
}
