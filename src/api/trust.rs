//! What this server itself trusts when it is asked to verify, and hands out to verifiers to begin with: the operator's two
//! files, read again when the operator says so.

use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::policy::Policy;

/// The two files, as text and as what they say.
pub struct OwnTrust {
    /// Logs and witnesses.
    pub policy: Policy,
    /// Authority and status keys beside that policy.
    pub authority: AuthorityFile,
    /// policy.txt as it was read, for verifiers who start from what the operator trusts.
    pub policy_text: String,
    /// authority.txt likewise.
    pub authority_text: String,
}
