import { useQuery } from '@tanstack/react-query';
import { useEffect, useId, useRef, useState } from 'react';
import { Segments } from '../parts/segments';
import { t } from '../strings';
import { parseDefinition, pretty, same, type Definition } from './definition';
import { Basics, Conditions } from './details';
import { Preview } from './preview';
import { checkQuery } from './queries';
import { RulesEditor } from './rules-editor';
import { Troubles } from './troubles';
import type { Trouble } from './types';
import { useLater } from './use-later';
import { Variants } from './variants';

interface Props {
  flag: string;
  definition: Definition;
  editable: boolean;
  onChange: (next: Definition) => void;
  /** Whether there is something that cannot be saved. */
  onTrouble: (troubled: boolean) => void;
}

type View = 'form' | 'json';

const placed =
  /^\/(variants|defaultVariant|state|targeting|metadata\/(description|owner|expires|prerequisites|schedule))(\/|$)/;

/** A flag as forms or as its JSON. What the forms cannot show stays in the JSON, and nothing is lost between them. */
export function Editor({ flag, definition, editable, onChange, onTrouble }: Props) {
  const [view, setView] = useState<View>('form');
  // What is written and is no definition yet.
  const [broken, setBroken] = useState<string | null>(null);
  const [text, setText] = useState(() => pretty(definition));
  const [of, setOf] = useState(definition);
  // A definition that came from elsewhere: the form, or somebody else.
  if (!same(of, definition)) {
    setOf(definition);
    setText(pretty(definition));
    setBroken(null);
  }
  const [checked, latest] = [useLater(view === 'json' ? text : pretty(definition), 300), broken];
  const check = useQuery({ ...checkQuery(flag, checked), enabled: latest === null && editable });
  const { errors: troubles, warnings } = (latest === null && check.data) || { errors: [], warnings: [] };
  const troubled = broken !== null || troubles.length > 0;
  useEffect(() => {
    onTrouble(troubled);
  }, [troubled, onTrouble]);
  const write = (next: string) => {
    setText(next);
    const read = parseDefinition(next);
    setBroken(read ? null : next);
    if (read) {
      setOf(read);
      onChange(read);
    }
  };
  return (
    <div className="flag-editor stretch">
      <div className="stack">
        <Segments<View>
          label={t('flags.view')}
          name="flag-view"
          options={[
            { value: 'form', text: t('flags.view.form') },
            { value: 'json', text: t('flags.view.json') },
          ]}
          value={view}
          onChange={(next) => {
            // The form would show something else than what is written.
            if (broken === null) setView(next);
          }}
        />
        {view === 'json' ? (
          <JsonEditor
            text={text}
            broken={broken !== null}
            troubles={troubles}
            warnings={warnings}
            editable={editable}
            onChange={write}
          />
        ) : (
          <fieldset className="flag-form stack" disabled={!editable}>
            <Troubles troubles={troubles.filter((one) => one.other || !placed.test(one.pointer))} />
            <Troubles troubles={warnings} ignored />
            <Basics {...{ definition, onChange, troubles }} />
            <Variants {...{ definition, onChange, troubles }} />
            <RulesEditor {...{ definition, onChange, troubles }} />
            <Conditions {...{ flag, definition, onChange, troubles }} />
          </fieldset>
        )}
      </div>
      <Preview flag={flag} definition={definition} />
    </div>
  );
}

interface JsonProps {
  text: string;
  broken: boolean;
  troubles: readonly Trouble[];
  warnings: readonly Trouble[];
  editable: boolean;
  onChange: (text: string) => void;
}

function JsonEditor({ text, broken, troubles, warnings, editable, onChange }: JsonProps) {
  const id = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const jump = ({ line, column }: Trouble) => {
    const before = text.split('\n').slice(0, line - 1);
    const start = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    area.current?.focus();
    area.current?.setSelectionRange(start, start + 1);
  };
  return (
    <div className="stack stretch">
      <textarea
        ref={area}
        className="input mono flag-json stretch"
        aria-label={t('flags.json')}
        aria-invalid={broken || troubles.length > 0 || undefined}
        aria-describedby={broken ? id : undefined}
        readOnly={!editable}
        spellCheck={false}
        rows={Math.min(Math.max(text.split('\n').length + 1, 12), 40)}
        value={text}
        onChange={(event) => {
          onChange(event.target.value);
        }}
      />
      {broken && (
        <p className="problem" id={id} role="status">
          {t('flags.json.wrong')} {whyBroken(text)}
        </p>
      )}
      <Troubles troubles={troubles} onJump={jump} />
      <Troubles troubles={warnings} ignored onJump={jump} />
    </div>
  );
}

function whyBroken(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}
