import { useQuery } from '@tanstack/react-query';
import { Button } from '../parts/button';
import { Field, TextField } from '../parts/field';
import { CloseIcon } from '../parts/icons';
import { get } from '../api/client';
import type { Items } from '../api/types';
import { t } from '../strings';
import { note, withMembers, withMetadata, type Definition } from './definition';
import { flagsKey } from './queries';
import { readPrerequisites, readSchedule, writePrerequisites, writeSchedule, type Step } from './schedule';
import { at } from './troubles';
import type { FlagItem, Trouble } from './types';
import { Problem } from './variants';

interface Props {
  definition: Definition;
  onChange: (next: Definition) => void;
  troubles: readonly Trouble[];
}

/** What a flag is for, who answers for it, until when, and whether it is on at all. */
export function Basics({ definition, onChange, troubles }: Props) {
  const text = (name: string) => ({
    value: note(definition, name),
    error: at(troubles, `/metadata/${name}`),
    autoComplete: 'off',
    onChange: (event: { target: { value: string } }) => {
      onChange(withMetadata(definition, { [name]: event.target.value || undefined }));
    },
  });
  return (
    <section className="card stack" aria-label={t('flags.basics')}>
      <label className="check">
        <input
          type="checkbox"
          role="switch"
          checked={definition.state !== 'DISABLED'}
          onChange={(event) => {
            onChange(withMembers(definition, { state: event.target.checked ? 'ENABLED' : 'DISABLED' }));
          }}
        />
        <span>
          <b>{t('flags.enabled')}</b> <span className="dim">{t('flags.enabled.about')}</span>
        </span>
      </label>
      <Problem text={at(troubles, '/state')} />
      <div className="flag-notes stretch">
        <TextField label={t('flags.description')} {...text('description')} />
        <TextField label={t('flags.owner')} {...text('owner')} />
        <TextField
          label={t('flags.expires')}
          type={/T/.test(note(definition, 'expires')) ? 'text' : 'date'}
          {...text('expires')}
        />
      </div>
    </section>
  );
}

/** What has to hold before the rules count, and what changes by itself. */
export function Conditions({ flag, definition, onChange, troubles }: Props & { flag: string }) {
  return (
    <section className="card stack" aria-labelledby="conditions">
      <h2 id="conditions">{t('flags.conditions')}</h2>
      <Prerequisites {...{ flag, definition, onChange, troubles }} />
      <Schedule {...{ definition, onChange, troubles }} />
    </section>
  );
}

function Prerequisites({ flag, definition, onChange, troubles }: Props & { flag: string }) {
  const list = readPrerequisites(note(definition, 'prerequisites'));
  const all = useQuery({
    queryKey: [...flagsKey, 'all'],
    queryFn: async ({ signal }) => (await get<Items<FlagItem>>('flags?limit=200', signal)).items,
    enabled: list.length > 0,
  });
  const others = (all.data ?? []).filter(({ key }) => key !== flag);
  const set = (next: typeof list) => {
    onChange(withMetadata(definition, { prerequisites: writePrerequisites(next) }));
  };
  return (
    <div className="stack close" role="group" aria-labelledby="prerequisites">
      <h3 id="prerequisites">{t('flags.needs')}</h3>
      <p className="hint">{t('flags.needs.about')}</p>
      <datalist id="flag-keys">
        {others.map(({ key }) => (
          <option key={key} value={key} />
        ))}
      </datalist>
      {list.length > 0 && (
        <ul className="flag-tests stretch">
          {list.map((one, index) => {
            const set1 = (change: Partial<typeof one>) => {
              set(list.map((other, at) => (at === index ? { ...other, ...change } : other)));
            };
            return (
              <li key={index}>
                <input
                  className="input"
                  aria-label={t('flags.needs.flag', { n: index + 1 })}
                  list="flag-keys"
                  autoComplete="off"
                  spellCheck={false}
                  value={one.key}
                  onChange={(event) => {
                    set1({ key: event.target.value.replaceAll(/[,=\s]/g, '') });
                  }}
                />
                <input
                  className="input"
                  aria-label={t('flags.needs.variant', { n: index + 1 })}
                  list={`flag-needs-${String(index)}`}
                  autoComplete="off"
                  spellCheck={false}
                  value={one.variant}
                  onChange={(event) => {
                    set1({ variant: event.target.value.replaceAll(/[,=]/g, '') });
                  }}
                />
                <datalist id={`flag-needs-${String(index)}`}>
                  {others
                    .find(({ key }) => key === one.key)
                    ?.variants.map(({ name }) => (
                      <option key={name} value={name} />
                    ))}
                </datalist>
                <Button
                  look="icon"
                  aria-label={t('flags.needs.remove', { n: index + 1 })}
                  onClick={() => {
                    set(list.filter((_, at) => at !== index));
                  }}
                >
                  <CloseIcon />
                </Button>
              </li>
            );
          })}
        </ul>
      )}
      <Problem text={at(troubles, '/metadata/prerequisites')} />
      <Button
        onClick={() => {
          set([...list, { key: t('flags.needs.other'), variant: 'on' }]);
        }}
      >
        {t('flags.needs.add')}
      </Button>
    </div>
  );
}

type Act = 'on' | 'off' | 'percent' | 'variant';

function actOf(step: Step): Act {
  if (step.percent !== undefined) return 'percent';
  return step.variant !== undefined ? 'variant' : step.state === 'off' ? 'off' : 'on';
}

function Schedule({ definition, onChange, troubles }: Props) {
  const text = note(definition, 'schedule');
  const steps = readSchedule(text);
  const variants = Object.keys(definition.variants ?? {});
  const set = (next: Step[]) => {
    onChange(withMetadata(definition, { schedule: writeSchedule(next) }));
  };
  return (
    <div className="stack close" role="group" aria-labelledby="schedule">
      <h3 id="schedule">{t('flags.schedule')}</h3>
      <p className="hint">{t('flags.schedule.about')}</p>
      {!steps && (
        <Field label={t('flags.schedule.raw')}>
          {(wiring) => (
            <textarea
              className="input mono"
              spellCheck={false}
              {...wiring}
              value={text}
              onChange={(event) => {
                onChange(withMetadata(definition, { schedule: event.target.value || undefined }));
              }}
            />
          )}
        </Field>
      )}
      {steps && steps.length > 0 && (
        <ol className="flag-tests stretch">
          {steps.map((step, index) => (
            <li key={index}>
              <StepEditor
                step={step}
                n={index + 1}
                variants={variants}
                onChange={(next) => {
                  set(steps.map((one, at) => (at === index ? next : one)));
                }}
              />
              <Button
                look="icon"
                aria-label={t('flags.schedule.remove', { n: index + 1 })}
                onClick={() => {
                  set(steps.filter((_, at) => at !== index));
                }}
              >
                <CloseIcon />
              </Button>
            </li>
          ))}
        </ol>
      )}
      <Problem text={at(troubles, '/metadata/schedule')} />
      {steps && (
        <Button
          onClick={() => {
            const last = steps.at(-1);
            const begin = last ? Date.parse(last.at) : Date.now();
            set([
              ...steps,
              { at: rounded(begin + 86_400_000), percent: Math.min((last?.percent ?? 0) + 10, 100) },
            ]);
          }}
        >
          {t('flags.schedule.add')}
        </Button>
      )}
    </div>
  );
}

function rounded(time: number): string {
  return new Date(Math.ceil(time / 3_600_000) * 3_600_000).toISOString().replace('.000Z', 'Z');
}

interface StepProps {
  step: Step;
  n: number;
  variants: readonly string[];
  onChange: (next: Step) => void;
}

function StepEditor({ step, n, variants, onChange }: StepProps) {
  const act = actOf(step);
  const time = step.at;
  return (
    <>
      <input
        className="input"
        type="datetime-local"
        aria-label={t('flags.schedule.at', { n })}
        value={local(time)}
        onChange={(event) => {
          const next = new Date(event.target.value);
          if (!Number.isNaN(next.getTime()))
            onChange({ ...step, at: next.toISOString().replace('.000Z', 'Z') });
        }}
      />
      <select
        className="input"
        aria-label={t('flags.schedule.what', { n })}
        value={act}
        onChange={(event) => {
          const next = event.target.value as Act;
          if (next === 'percent') onChange({ at: time, percent: 10 });
          else if (next === 'variant') onChange({ at: time, variant: variants[0] ?? '' });
          else onChange({ at: time, state: next });
        }}
      >
        {(['percent', 'variant', 'on', 'off'] as const).map((one) => (
          <option key={one} value={one}>
            {t(`flags.act.${one}`)}
          </option>
        ))}
      </select>
      {act === 'percent' && (
        <input
          className="input flag-percent"
          type="number"
          min={0}
          max={100}
          aria-label={t('flags.schedule.share', { n })}
          value={step.percent}
          onChange={(event) => {
            onChange({ ...step, percent: Math.min(Math.max(Number(event.target.value), 0), 100) });
          }}
        />
      )}
      {act === 'variant' && (
        <select
          className="input"
          aria-label={t('flags.schedule.variant', { n })}
          value={step.variant}
          onChange={(event) => {
            onChange({ ...step, variant: event.target.value });
          }}
        >
          {[...new Set([...variants, step.variant])].map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      )}
    </>
  );
}

/** A moment as the field wants it: in the reader's zone, without its name. */
function local(at: string): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
