import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { AINav } from '../ai/nav';
import { promptPath, promptsKey, promptsQuery, readText, type Prompt } from '../ai/prompt';
import { ask } from '../api/client';
import { APIError } from '../api/error';
import { useMay } from '../api/may';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field, TextField } from '../parts/field';
import { Moment } from '../parts/moment';
import { ErrorNotice } from '../parts/notice';
import { Page } from '../parts/page';
import { Person } from '../parts/person';
import { LoadingRows } from '../parts/skeleton';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { remarks } from '../forms/remarks';
import { t } from '../strings';
import '../styles/ai.css';

/** The templates that models are asked with. */
export function Prompts() {
  const prompts = useQuery(promptsQuery);
  const navigate = useNavigate();
  const mayManage = useMay('ai.manage');
  const [creating, setCreating] = useState(false);
  return (
    <Page
      title={t('ai.prompts')}
      actions={
        mayManage && (
          <Button
            look="primary"
            aria-haspopup="dialog"
            onClick={() => {
              setCreating(true);
            }}
          >
            {t('ai.prompt.new')}
          </Button>
        )
      }
    >
      <div className="stack">
        <AINav />
        {prompts.error && !prompts.data && (
          <ErrorNotice error={prompts.error} onRetry={() => void prompts.refetch()} alert={false} />
        )}
        {prompts.isPending && <LoadingRows rows={4} height="4rem" />}
        {prompts.data?.length === 0 && (
          <div className="card empty stretch">
            <h2>{t('ai.prompts.empty.title')}</h2>
            <p>{t('ai.prompts.empty')}</p>
          </div>
        )}
        {prompts.data && prompts.data.length > 0 && (
          <ul className="card flush rows">
            {prompts.data.map((prompt) => (
              <Row key={prompt.name} prompt={prompt} />
            ))}
          </ul>
        )}
      </div>
      {creating && (
        <Create
          onClose={() => {
            setCreating(false);
          }}
          onCreated={(name) => void navigate({ to: '/ai/prompts/$name', params: { name } })}
        />
      )}
    </Page>
  );
}

function Row({ prompt }: { prompt: Prompt }) {
  const { name, description, version, flag, model, damaged } = prompt;
  return (
    <li>
      <div>
        <p className="row">
          <Link className="module-name" to="/ai/prompts/$name" params={{ name }}>
            {name}
          </Link>
          {damaged && <span className="badge bad">{t('ai.prompt.damaged')}</span>}
        </p>
        {description && <p>{description}</p>}
        <p className="dim small">
          {t('history.version', { version })} · <Moment at={prompt.updated_at} /> ·{' '}
          <Person id={prompt.updated_by.id} name={prompt.updated_by.name} />
        </p>
      </div>
      <span className="tags">
        {model && <span className="badge plain">{model}</span>}
        {flag && <span className="badge plain accent">{t('ai.prompt.by', { flag })}</span>}
      </span>
    </li>
  );
}

interface CreateProps {
  onClose: () => void;
  onCreated: (name: string) => void;
}

/** Makes a template of one message; the rest is written on its page. */
function Create({ onClose, onCreated }: CreateProps) {
  const client = useQueryClient();
  const form = useRef<HTMLFormElement>(null);
  const [name, setName] = useState('');
  const [text, setText] = useState('');
  const [tried, setTried] = useState(0);
  const { variables, wrong } = readText(text);
  const create = useMutation({
    mutationFn: () =>
      ask<Prompt>('PUT', promptPath(name.trim()), {
        body: { messages: [{ role: 'user', content: text }], variables },
        ifNew: true,
      }),
    onSuccess: ({ data }) => {
      notify(t('resource.created', { label: data.name }));
      void client.invalidateQueries({ queryKey: promptsKey });
      onCreated(data.name);
    },
  });
  const { error } = create;
  const taken = error instanceof APIError && error.status === 412;
  const objection = remarks(error)[0]?.detail;
  const mistakes = {
    name: !/^[\w.-]+$/.test(name.trim()) ? t('ai.prompt.name.hint') : '',
    text: wrong !== undefined ? t('ai.prompt.wrong', { text: wrong }) : text === '' ? t('form.required') : '',
  };
  useEffect(() => {
    if (tried > 0) form.current?.querySelector<HTMLElement>('[aria-invalid]')?.focus();
  }, [tried, error]);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setTried(tried + 1);
    if (!mistakes.name && !mistakes.text && !create.isPending) create.mutate();
  };
  return (
    <Dialog title={t('ai.prompt.new')} onClose={onClose}>
      <form ref={form} className="stack" noValidate onSubmit={submit}>
        <TextField
          label={t('name')}
          hint={t('ai.prompt.name.hint')}
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="off"
          maxLength={100}
          data-focus
          error={(tried > 0 && mistakes.name) || (taken ? t('ai.taken', { name: name.trim() }) : objection)}
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            if (error) create.reset();
          }}
        />
        <Field
          label={t('ai.prompt.text')}
          hint={t('ai.prompt.text.hint')}
          error={(tried > 0 && mistakes.text) || undefined}
        >
          {(wiring) => (
            <textarea
              {...wiring}
              className="input"
              rows={5}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
              }}
            />
          )}
        </Field>
        {error && !taken && objection === undefined && <Refused error={error} />}
        <div className="dialog-actions">
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button type="submit" look="primary" busy={create.isPending}>
            {create.isPending ? t('resource.creating') : t('resource.create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
