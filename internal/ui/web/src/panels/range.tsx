import { useParams } from '@tanstack/react-router';
import { useId, useState } from 'react';
import type { PanelMeta } from '../api/types';
import { region } from '../locale';
import { t } from '../strings';
import { useAddress } from '../system/address';

/**
 * The range of time that a panel looks back over, one of those it offers, or empty: it is live. On its module's own
 * page the range is kept in the address; elsewhere it lasts as long as the panel is on the screen.
 */
export function useRange(panel: PanelMeta): [string, (range: string) => void] {
  const { id } = useParams({ strict: false });
  const [address, setAddress] = useAddress();
  const [own, setOwn] = useState('');
  const name = `range.${panel.id}`;
  const kept = id === panel.module;
  const wanted = kept ? (address[name] ?? '') : own;
  const set = (range: string) => {
    if (kept) setAddress({ [name]: range });
    else setOwn(range);
  };
  return [offered(panel).includes(wanted) ? wanted : '', set];
}

/** The ranges that a panel offers. */
export function offered(panel: PanelMeta): string[] {
  return (panel as { ranges?: string[] }).ranges ?? [];
}

interface Props {
  panel: PanelMeta;
  range: string;
  onChange: (range: string) => void;
}

/** The choice between live and the ranges of a panel. */
export function Ranges({ panel, range, onChange }: Props) {
  const group = useId();
  const choices = offered(panel);
  if (choices.length === 0) return null;
  return (
    <div className="ranges" role="radiogroup" aria-label={t('range.label', { title: panel.title })}>
      {['', ...choices].map((choice) => (
        <label key={choice}>
          <input
            type="radio"
            name={group}
            aria-label={choice === '' ? undefined : inWords(choice, 'long')}
            checked={choice === range}
            onChange={() => {
              onChange(choice);
            }}
          />
          {choice === '' ? t('range.live') : inWords(choice, 'narrow')}
        </label>
      ))}
    </div>
  );
}

const units: Record<string, string> = { m: 'minute', h: 'hour', d: 'day' };

/** A range such as 24h as people write it; one of a form that is not known as it is. */
export function inWords(range: string, unitDisplay: 'long' | 'narrow'): string {
  const [, count, letter = ''] = /^(\d+)([mhd])$/.exec(range) ?? [];
  const unit = units[letter];
  if (!unit) return range;
  return new Intl.NumberFormat(region(), { style: 'unit', unit, unitDisplay }).format(Number(count));
}
