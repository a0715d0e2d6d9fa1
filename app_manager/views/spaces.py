"""The spaces of this installation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from app_manager.pages import SpacesPage


@require_safe
def space_list(request: HttpRequest) -> HttpResponse:
    return render(request, "app_manager/spaces.html", {"page": SpacesPage()})
