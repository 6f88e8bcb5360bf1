export interface SenderSettings {
  sender_name: string;
  reply_to: string;
  postal_address: string;
  support_email: string;
  logo_url: string;
  accent_color: string;
  confirmation_enabled: boolean;
  returns_days: number;
  returns_policy_url: string;
  version: number;
}

export interface Sender {
  settings: SenderSettings;
  from_address: string;
}

export const senderPath = '/settings/sender';
