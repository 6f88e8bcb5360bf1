import { useEffect, useState } from 'react';
import { asApiError, post } from '../../shell/api';
import type { Design, Shown } from '../orders/confirmation/api';
import { confirmationPath } from '../orders/confirmation/api';

/** The design laid out on an order, or on a made-up one; style "" lets the rules choose. */
export function useShown(design: Design, order: string, style: string, language: string) {
  const [shown, setShown] = useState<Shown | null>(null);
  const [failure, setFailure] = useState('');
  const asked = JSON.stringify({ design, order_id: order, style, locale: language });
  useEffect(() => {
    let current = true;
    post<Shown>(`${confirmationPath}/preview`, JSON.parse(asked))
      .then((answer) => {
        if (!current) return;
        setShown(answer);
        setFailure('');
      })
      .catch((cause: unknown) => current && setFailure(asApiError(cause).message));
    return () => {
      current = false;
    };
  }, [asked]);
  return { shown, failure };
}
