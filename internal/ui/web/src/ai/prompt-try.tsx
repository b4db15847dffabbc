import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Button } from '../parts/button';
import { Field } from '../parts/field';
import { t } from '../strings';
import { AnswerView } from './answer-view';
import { useChat } from './chat';
import { ModelField } from './model-field';
import type { Prompt } from './prompt';
import { modelsQuery } from './queries';
import { Unconfigured } from './unconfigured';

/** Asks a model with the saved template, its variables filled in. */
export function TryPrompt({ prompt, dirty }: { prompt: Prompt; dirty: boolean }) {
  const models = useQuery(modelsQuery).data;
  const [chosen, setChosen] = useState(prompt.model);
  const [values, setValues] = useState<Record<string, string>>({});
  const { answer, busy, send, stop } = useChat();
  if (models?.length === 0) return <Unconfigured />;
  const model = chosen || (models?.[0]?.name ?? '');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || !model) return;
    const variables = Object.fromEntries(prompt.variables.map((name) => [name, values[name] ?? '']));
    send({ model, messages: [], prompt: { name: prompt.name, version: prompt.version, variables } });
  };
  return (
    <div className="ai-two stretch">
      <form className="card stack" onSubmit={submit}>
        {dirty && <p className="dim">{t('ai.prompt.try.saved')}</p>}
        <ModelField value={model} onChange={setChosen} />
        {prompt.variables.length === 0 && <p className="dim">{t('ai.prompt.variables.none')}</p>}
        {prompt.variables.map((name) => (
          <Field key={name} label={name}>
            {(wiring) => (
              <textarea
                {...wiring}
                className="input"
                rows={2}
                value={values[name] ?? ''}
                onChange={(event) => {
                  setValues({ ...values, [name]: event.target.value });
                }}
              />
            )}
          </Field>
        ))}
        <div className="row">
          <Button type="submit" look="primary" busy={busy}>
            {t('ai.send')}
          </Button>
          {busy && <Button onClick={stop}>{t('ai.stop')}</Button>}
        </div>
      </form>
      <section className="card stack" aria-labelledby="answer">
        <h2 id="answer">{t('ai.answer')}</h2>
        <AnswerView answer={answer} />
      </section>
    </div>
  );
}
