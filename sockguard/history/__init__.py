"""What past requests say of a policy: which rights they needed, and what a new one would change."""
