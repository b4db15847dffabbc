import { fireEvent, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { useDraft } from '../access/use-draft';
import { Toasts } from '../parts/toast';
import { draw } from '../testing/render';
import { problem, serve, type Reply } from '../testing/server';
import { useQuery } from '@tanstack/react-query';
import { draftOf, promptQuery, type Prompt, type PromptDraft } from './prompt';
import { PromptEditor } from './prompt-editor';
import { SavePrompt } from './prompt-save';

const first: Prompt = {
  name: 'summary',
  version: 3,
  description: '',
  messages: [{ role: 'user', content: 'Sum up {{text}}' }],
  variables: ['text'],
  model: '',
  flag: '',
  updated_at: '2026-01-01T00:00:00Z',
  updated_by: { id: 'u1', name: 'Ada' },
};

function Page() {
  const { data } = useQuery(promptQuery('summary'));
  return data ? <Body {...data} /> : null;
}

function Body({ prompt, etag }: { prompt: Prompt; etag: string }) {
  const draft = useDraft<PromptDraft>({ item: draftOf(prompt), etag });
  return (
    <>
      <PromptEditor draft={draft.value} editable onChange={draft.set} />
      <SavePrompt prompt={prompt} draft={draft} />
      <Toasts />
    </>
  );
}

it('a prompt that somebody else saved meanwhile is compared, kept and saved on the latest', async () => {
  const theirs = { ...first, version: 4, description: 'Theirs' };
  const states = [first, theirs, theirs];
  const seen = serve({
    'GET api/v1/auth/me': () => ({ body: { permissions: [] } }),
    'GET api/v1/ai/models': () => ({ body: { items: [] } }),
    'GET api/v1/ai/prompts/summary': (): Reply => {
      const body = states.shift() ?? theirs;
      return { body, headers: { ETag: `"${String(body.version)}"` } };
    },
    'PUT api/v1/ai/prompts/summary': ({ headers, body }) =>
      headers['If-Match'] === '"4"'
        ? { body: { ...theirs, ...(body as object), version: 5 }, headers: { ETag: '"5"' } }
        : problem(412, 'stale'),
  });
  await draw(<Page />);
  const text = await screen.findByLabelText('Message 1');
  fireEvent.change(text, { target: { value: 'Sum up {{text}} for {{reader' } });
  expect(screen.getByText(/^\{\{reader is no variable/)).toBeTruthy();
  expect(screen.getByText('Every message needs a text without mistakes.')).toBeTruthy();
  fireEvent.change(text, { target: { value: 'Sum up {{text}} for {{reader}}' } });
  expect(screen.getByText('text, reader')).toBeTruthy();
  const save = async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Review and save' }));
    const dialog = await screen.findByRole('dialog');
    fireEvent.click(within(dialog).getByRole('button', { name: 'Save' }));
  };
  await save();
  expect(await screen.findByText('+ description: Theirs')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Keep my values and review again' }));
  await save();
  expect(await screen.findByText('summary saved.')).toBeTruthy();
  const puts = seen.filter(({ method }) => method === 'PUT');
  expect(puts.map(({ headers }) => headers['If-Match'])).toEqual(['"3"', '"4"']);
  expect(puts[1]?.body).toEqual({
    description: 'Theirs', // what was not touched here stays theirs
    model: '',
    flag: '',
    messages: [{ role: 'user', content: 'Sum up {{text}} for {{reader}}' }],
    variables: ['text', 'reader'],
  });
});
