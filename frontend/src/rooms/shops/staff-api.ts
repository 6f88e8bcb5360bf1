export interface StaffMember {
  id: string;
  name: string;
  role: string;
  extras: string[];
  account_owner: boolean;
  collaborator: boolean;
  first_seen_at: string;
  seen_at: string;
  changed_at: string | null;
  changed_by: string | null;
  you: boolean;
}

export interface Staff {
  staff: StaffMember[];
  default_role: string;
  roles: { role: string; permissions: string[] }[];
  extras: string[];
}
