import { useQuery } from '@tanstack/react-query';
import { myModulesQuery } from '../api/queries';
import { Button } from '../parts/button';
import { Field } from '../parts/field';
import { useSettled } from '../parts/settled';
import { t } from '../strings';
import type { LogFilter } from './log-feed';

interface Props {
  filter: LogFilter;
  onChange: (next: Partial<LogFilter>) => void;
}

const settleMs = 300;

/** What the log is filtered by. */
export function LogFilters({ filter, onChange }: Props) {
  const modules = useQuery(myModulesQuery).data ?? [];
  const filtered = filter.level || filter.module || filter.request || filter.text;
  const known = filter.module === '' || modules.some((one) => one.id === filter.module);
  return (
    <form
      role="search"
      aria-label={t('logs.filter')}
      className="filters stretch"
      onSubmit={(event) => {
        event.preventDefault();
      }}
    >
      <Field label={t('logs.level')}>
        {(wiring) => (
          <select
            {...wiring}
            className="input"
            value={filter.level}
            onChange={(event) => {
              onChange({ level: event.target.value });
            }}
          >
            <option value="debug">{t('logs.level.all')}</option>
            <option value="">{t('logs.level.info')}</option>
            <option value="warn">{t('logs.level.warn')}</option>
            <option value="error">{t('logs.level.error')}</option>
          </select>
        )}
      </Field>
      <Field label={t('logs.module')}>
        {(wiring) => (
          <select
            {...wiring}
            className="input"
            value={filter.module}
            onChange={(event) => {
              onChange({ module: event.target.value });
            }}
          >
            <option value="">{t('logs.module.all')}</option>
            {!known && <option value={filter.module}>{filter.module}</option>}
            {modules.map((module) => (
              <option key={module.id} value={module.id}>
                {module.title}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Settled
        label={t('logs.request')}
        value={filter.request}
        onChange={(request) => {
          onChange({ request });
        }}
      />
      <Settled
        label={t('logs.text')}
        value={filter.text}
        onChange={(text) => {
          onChange({ text });
        }}
      />
      {filtered && (
        <Button
          onClick={() => {
            onChange({ level: '', module: '', request: '', text: '' });
          }}
        >
          {t('logs.clear')}
        </Button>
      )}
    </form>
  );
}

interface SettledProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** A field whose value counts once the typing stops. */
function Settled({ label, value, onChange }: SettledProps) {
  const { text, type } = useSettled(value, onChange, settleMs);
  return (
    <Field label={label}>
      {(wiring) => (
        <input
          {...wiring}
          className="input"
          type="search"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          value={text}
          onChange={(event) => {
            type(event.target.value);
          }}
        />
      )}
    </Field>
  );
}
