import { Button } from '../parts/button';
import { CloseIcon } from '../parts/icons';
import { t } from '../strings';
import { pretty } from './definition';
import { shares, withShare, type Part, type Serve } from './rules';
import { readJson, ValueInput } from './text-input';
import { share } from './share';

interface Props {
  serve: Serve;
  variants: readonly string[];
  /** What reads out which rule this belongs to. */
  label: string;
  onChange: (next: Serve) => void;
}

/** What a rule serves: a variant, the default, or several by share. */
export function ServeEditor({ serve, variants, label, onChange }: Props) {
  const value = serve.kind === 'variant' ? `=${serve.name}` : serve.kind;
  const gone = serve.kind === 'variant' && !variants.includes(serve.name) ? [serve.name] : [];
  return (
    <div className="flag-serve">
      <select
        className="input"
        aria-label={label}
        value={value}
        onChange={(event) => {
          const next = event.target.value;
          if (next.startsWith('=')) onChange({ kind: 'variant', name: next.slice(1) });
          else if (next === 'split') onChange({ kind: 'split', by: '', parts: evenly(variants) });
          else if (next === 'default') onChange({ kind: 'default' });
        }}
      >
        {[...variants, ...gone].map((name) => (
          <option key={name} value={`=${name}`}>
            {name}
          </option>
        ))}
        <option value="default">{t('flags.serve.default')}</option>
        <option value="split">{t('flags.serve.split')}</option>
        {serve.kind === 'raw' && <option value="raw">{t('flags.serve.raw')}</option>}
      </select>
      {serve.kind === 'split' && (
        <Split serve={serve} variants={variants} label={label} onChange={onChange} />
      )}
      {serve.kind === 'raw' && (
        <ValueInput
          label={label}
          area
          value={serve.json}
          write={pretty}
          read={readJson}
          onValue={(json) => {
            onChange({ kind: 'raw', json });
          }}
        />
      )}
    </div>
  );
}

/** Whose share it is, unless something else is named. */
const usualKey = 'targetingKey';

/** Two variants begin with nobody in the first, so that a rollout starts at nothing. */
function evenly(variants: readonly string[]): Part[] {
  const [first = '', second = first] = variants;
  return [
    { variant: first, weight: 0 },
    { variant: second, weight: 100 },
  ];
}

interface SplitProps extends Props {
  serve: Serve & { kind: 'split' };
}

function Split({ serve, variants, label, onChange }: SplitProps) {
  const { parts } = serve;
  const now = shares(parts);
  const set = (next: Part[]) => {
    onChange({ ...serve, parts: next });
  };
  return (
    <div className="stack close" role="group" aria-label={label}>
      <ul className="flag-parts stretch">
        {parts.map((part, index) => (
          <li key={index}>
            <select
              className="input"
              aria-label={t('flags.part.variant', { n: index + 1 })}
              value={part.variant}
              onChange={(event) => {
                set(
                  parts.map((one, other) =>
                    other === index ? { ...one, variant: event.target.value } : one,
                  ),
                );
              }}
            >
              {[...new Set([...variants, part.variant])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <input
              type="range"
              min={0}
              max={100}
              step={1}
              aria-label={t('flags.part.share', { name: part.variant })}
              aria-valuetext={share((now[index] ?? 0) / 100)}
              value={Math.round(now[index] ?? 0)}
              disabled={parts.length === 1}
              onChange={(event) => {
                set(withShare(parts, index, Number(event.target.value)));
              }}
            />
            <output className="num">{share((now[index] ?? 0) / 100)}</output>
            <Button
              look="icon"
              aria-label={t('flags.part.remove', { name: part.variant })}
              busy={parts.length === 1}
              onClick={() => {
                set(parts.filter((_, other) => other !== index));
              }}
            >
              <CloseIcon />
            </Button>
          </li>
        ))}
      </ul>
      <div className="row">
        <Button
          onClick={() => {
            const free = variants.find((name) => !parts.some(({ variant }) => variant === name));
            set([...parts, { variant: free ?? variants[0] ?? '', weight: 0 }]);
          }}
        >
          {t('flags.part.add')}
        </Button>
        <label className="row">
          <span className="small dim">{t('flags.part.by')}</span>
          <input
            className="input flag-by"
            list="flag-attributes"
            placeholder={usualKey}
            autoComplete="off"
            spellCheck={false}
            value={serve.by}
            onChange={(event) => {
              onChange({ ...serve, by: event.target.value.trim() });
            }}
          />
        </label>
      </div>
    </div>
  );
}
