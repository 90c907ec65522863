//! The unary calls of `IssuingService` that are about one institution: logging in, accounts it opened, what it issued.

use tonic::Status;

use super::Api;
use super::proto::{
    AuthenticateRequest, AuthenticateResponse, CreateChallengeRequest, CreateChallengeResponse, GetEntryRequest,
    GetEntryResponse, ListIssuedRequest, ListIssuedResponse, ResolveAccountsRequest, ResolveAccountsResponse,
};

pub fn create_challenge(api: &Api, request: &CreateChallengeRequest) -> Result<CreateChallengeResponse, Status> {
    let _ = (api, request);
    Err(Status::unimplemented(""))
}

pub fn authenticate(api: &Api, request: &AuthenticateRequest) -> Result<AuthenticateResponse, Status> {
    let _ = (api, request);
    Err(Status::unimplemented(""))
}

pub fn resolve_accounts(
    api: &Api,
    institution: &str,
    request: &ResolveAccountsRequest,
) -> Result<ResolveAccountsResponse, Status> {
    let _ = (api, institution, request);
    Err(Status::unimplemented(""))
}

pub fn list_issued(api: &Api, institution: &str, request: &ListIssuedRequest) -> Result<ListIssuedResponse, Status> {
    let _ = (api, institution, request);
    Err(Status::unimplemented(""))
}

pub fn get_entry(api: &Api, caller: Option<&str>, request: &GetEntryRequest) -> Result<GetEntryResponse, Status> {
    let _ = (api, caller, request);
    Err(Status::unimplemented(""))
}
