import type { ReactNode } from 'react';
import { Button } from '../parts/button';
import { t } from '../strings';
import { ChevronIcon, MinusIcon, PlusIcon } from './icons';
import { columns, rows, type Tile } from './model';

interface Props {
  /** The panel that is lifted. */
  lifted: Tile | null | undefined;
  /** Its place, from 1. */
  at: number;
  count: number;
  /** Whether the layout is the person's own. */
  own: boolean;
  mayShare: boolean;
  onMove: (by: number) => void;
  onGrow: (wider: number, taller: number) => void;
  onHide: () => void;
  onDrop: () => void;
  onCancel: () => void;
  /** A dialog is asked for. */
  onAsk: (about: 'reset' | 'role') => void;
  onDone: () => void;
}

/** What can be done with the lifted panel, without dragging; or with the whole layout. */
export function LayoutBar(props: Props) {
  return (
    <div className="layout-bar card" role="group" aria-label={t('layout.bar')}>
      {props.lifted ? <OfPanel {...props} tile={props.lifted} /> : <OfLayout {...props} />}
    </div>
  );
}

function OfLayout({ own, mayShare, onAsk, onDone }: Props) {
  return (
    <>
      {own && (
        <Button
          aria-haspopup="dialog"
          onClick={() => {
            onAsk('reset');
          }}
        >
          {t('layout.reset')}
        </Button>
      )}
      {mayShare && (
        <Button
          aria-haspopup="dialog"
          onClick={() => {
            onAsk('role');
          }}
        >
          {t('layout.share')}
        </Button>
      )}
      <Button look="primary" className="last" onClick={onDone}>
        {t('layout.done')}
      </Button>
    </>
  );
}

function OfPanel({ tile, at, count, onMove, onGrow, onHide, onDrop, onCancel }: Props & { tile: Tile }) {
  return (
    <>
      <b className="layout-bar-title">{tile.meta.title}</b>
      <Stepper
        label={t('layout.place')}
        value={`${String(at)}/${String(count)}`}
        less={t('layout.earlier')}
        more={t('layout.later')}
        icons={[<ChevronIcon key="less" to="left" />, <ChevronIcon key="more" to="right" />]}
        first={at === 1}
        last={at === count}
        onStep={onMove}
      />
      <Stepper
        label={t('layout.width')}
        value={String(tile.width)}
        less={t('layout.narrower')}
        more={t('layout.wider')}
        first={tile.width === 1}
        last={tile.width === columns}
        onStep={(by) => {
          onGrow(by, 0);
        }}
      />
      <Stepper
        label={t('layout.height')}
        value={String(tile.height)}
        less={t('layout.lower')}
        more={t('layout.taller')}
        first={tile.height === 1}
        last={tile.height === rows}
        onStep={(by) => {
          onGrow(0, by);
        }}
      />
      <Button look="bare" onClick={onHide}>
        {t('hide')}
      </Button>
      <div className="row last">
        <Button onClick={onCancel}>{t('cancel')}</Button>
        <Button look="primary" onClick={onDrop}>
          {t('layout.drop')}
        </Button>
      </div>
    </>
  );
}

interface StepperProps {
  label: string;
  value: string;
  less: string;
  more: string;
  icons?: [ReactNode, ReactNode];
  first: boolean;
  last: boolean;
  onStep: (by: number) => void;
}

function Stepper({ label, value, less, more, icons, first, last, onStep }: StepperProps) {
  const [lessIcon, moreIcon] = icons ?? [<MinusIcon key="less" />, <PlusIcon key="more" />];
  return (
    <div className="stepper">
      <span className="dim small">{label}</span>
      {/* At the end of the range the button stays, as does the focus on it. */}
      <Button
        look="icon"
        aria-label={less}
        busy={first}
        onClick={() => {
          onStep(-1);
        }}
      >
        {lessIcon}
      </Button>
      <span className="num">{value}</span>
      <Button
        look="icon"
        aria-label={more}
        busy={last}
        onClick={() => {
          onStep(1);
        }}
      >
        {moreIcon}
      </Button>
    </div>
  );
}
