import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ask } from '../api/client';
import { Button } from '../parts/button';
import { Dialog } from '../parts/dialog';
import { Field } from '../parts/field';
import { notify } from '../parts/toast';
import { Refused } from '../resource/refused';
import { t } from '../strings';
import { flagPath, flagsKey } from './queries';
import type { FlagDetail } from './types';

/** The emergency brake: one variant for everybody at once, whatever the rules say; and the way back. */
export function KillSwitch({ flag }: { flag: FlagDetail }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [variant, setVariant] = useState('');
  const kill = useMutation({
    mutationFn: (killed: boolean) =>
      ask('POST', flagPath(flag.key, '/kill'), { body: { killed, ...(killed && variant && { variant }) } }),
    onSuccess: (_, killed) => {
      setAsking(false);
      notify(killed ? t('flags.kill.done', { key: flag.key }) : t('flags.revive.done', { key: flag.key }));
    },
    onSettled: () => client.invalidateQueries({ queryKey: flagsKey }),
  });
  const { killed } = flag;
  const close = () => {
    setAsking(false);
  };
  return (
    <>
      <Button
        look={killed ? undefined : 'danger'}
        aria-haspopup="dialog"
        onClick={() => {
          kill.reset();
          setAsking(true);
        }}
      >
        {killed ? t('flags.revive') : t('flags.kill')}
      </Button>
      {asking && (
        <Dialog
          title={killed ? t('flags.revive.ask', { key: flag.key }) : t('flags.kill.ask', { key: flag.key })}
          onClose={close}
        >
          <p>{killed ? t('flags.revive.about') : t('flags.kill.about')}</p>
          {!killed && (
            <Field label={t('flags.kill.variant')}>
              {(wiring) => (
                <select
                  className="input"
                  {...wiring}
                  value={variant}
                  onChange={(event) => {
                    setVariant(event.target.value);
                  }}
                >
                  <option value="">
                    {flag.default_variant
                      ? t('flags.kill.default', { name: flag.default_variant })
                      : t('flags.code')}
                  </option>
                  {flag.variants.map(({ name }) => (
                    <option key={name} value={name}>
                      {name}
                    </option>
                  ))}
                </select>
              )}
            </Field>
          )}
          {kill.error && <Refused error={kill.error} />}
          <div className="dialog-actions">
            <Button onClick={close}>{t('cancel')}</Button>
            <Button
              look={killed ? 'primary' : 'danger'}
              busy={kill.isPending}
              onClick={() => {
                kill.mutate(!killed);
              }}
            >
              {killed ? t('flags.revive') : t('flags.kill')}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
