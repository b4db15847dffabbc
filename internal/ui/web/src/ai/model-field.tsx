import { useQuery } from '@tanstack/react-query';
import { Field } from '../parts/field';
import { t } from '../strings';
import { modelsQuery } from './queries';
import type { ModelChoice } from './types';

interface Props {
  value: string;
  onChange: (model: string) => void;
}

/** The choice of a model: aliases first, then what each provider has. */
export function ModelField({ value, onChange }: Props) {
  const models = useQuery(modelsQuery).data ?? [];
  const known = models.some((one) => one.name === value);
  return (
    <Field label={t('ai.model')}>
      {(wiring) => (
        <select
          {...wiring}
          className="input"
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        >
          {value !== '' && !known && <option>{value}</option>}
          {grouped(models).map(([provider, list]) => (
            <optgroup key={provider} label={provider || t('ai.model.aliases')}>
              {list.map((one) => (
                <option key={one.name}>{one.name}</option>
              ))}
            </optgroup>
          ))}
        </select>
      )}
    </Field>
  );
}

/** The models by provider; those without one, which stand for others, first. */
export function grouped(models: ModelChoice[]): [provider: string, models: ModelChoice[]][] {
  const groups = new Map<string, ModelChoice[]>();
  for (const one of [...models].sort((a, b) => Number(a.kind === 'model') - Number(b.kind === 'model'))) {
    const provider = one.provider ?? '';
    groups.set(provider, [...(groups.get(provider) ?? []), one]);
  }
  return [...groups];
}
