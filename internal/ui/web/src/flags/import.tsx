import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { Notice } from '../parts/notice';
import { Segments } from '../parts/segments';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { parseDefinition } from './definition';
import { flagsKey } from './queries';
import { Troubles } from './troubles';
import type { Imported } from './types';

type Mode = 'merge' | 'replace';

const outcomes = ['created', 'changed', 'deleted', 'unchanged'] as const;

/** Takes over a document of flagd's, after showing what that would change. */
export function ImportFlags({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const [mode, setMode] = useState<Mode>('merge');
  const [unreadable, setUnreadable] = useState(false);
  const send = useMutation({
    mutationFn: async (dry: boolean) => {
      const path = `flags/import?dry_run=${String(dry)}&mode=${mode}`;
      return (await ask<Imported>('POST', path, { body: parseDefinition(text) })).data;
    },
    onSuccess: (done, dry) => {
      if (dry) return;
      const count = done.created.length + done.changed.length + done.deleted.length;
      notify(t('flags.import.done', { count }));
      void client.invalidateQueries({ queryKey: flagsKey });
      onClose();
    },
  });
  const seen = send.data;
  const ready = seen !== undefined && seen.errors.length === 0;
  const changed = (next: string) => {
    setText(next);
    setUnreadable(false);
    send.reset();
  };
  const go = (dry: boolean) => {
    if (send.isPending) return;
    const wrong = parseDefinition(text) === undefined;
    setUnreadable(wrong);
    if (!wrong) send.mutate(dry);
  };
  return (
    <Dialog title={t('flags.import.title')} onClose={onClose}>
      <p className="dim">{t('flags.import.about')}</p>
      <Field label={t('flags.import.file')}>
        {(wiring) => (
          <input
            type="file"
            accept=".json,application/json"
            {...wiring}
            onChange={(event) => {
              void event.target.files?.[0]?.text().then(changed);
            }}
          />
        )}
      </Field>
      <Field label={t('flags.import.text')} error={unreadable ? t('flags.json.wrong') : undefined}>
        {(wiring) => (
          <textarea
            className="input mono"
            rows={8}
            spellCheck={false}
            {...wiring}
            value={text}
            onChange={(event) => {
              changed(event.target.value);
            }}
          />
        )}
      </Field>
      <Segments<Mode>
        label={t('flags.import.mode')}
        name="import-mode"
        options={[
          { value: 'merge', text: t('flags.import.merge') },
          { value: 'replace', text: t('flags.import.replace') },
        ]}
        value={mode}
        onChange={(next) => {
          setMode(next);
          send.reset();
        }}
      />
      {mode === 'replace' && <Notice kind="warn">{t('flags.import.replace.about')}</Notice>}
      {send.error && <Refused error={send.error} />}
      {seen && (
        <div className="stack close" role="status">
          {outcomes
            .filter((what) => seen[what].length > 0)
            .map((what) => (
              <div key={what}>
                <b>{t(`flags.imported.${what}`, { count: seen[what].length })}</b>{' '}
                {what !== 'unchanged' && <span className="dim">{seen[what].join(', ')}</span>}
              </div>
            ))}
          <Troubles troubles={seen.errors} />
        </div>
      )}
      <div className="dialog-actions">
        <Button onClick={onClose}>{t('cancel')}</Button>
        <Button
          look={ready ? undefined : 'primary'}
          busy={send.isPending}
          onClick={() => {
            go(true);
          }}
        >
          {t('flags.import.try')}
        </Button>
        {ready && (
          <Button
            look="primary"
            busy={send.isPending}
            onClick={() => {
              go(false);
            }}
          >
            {t('flags.import')}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
