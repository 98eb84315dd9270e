from django.urls import path

from helpline.knowledge import views

app_name = "knowledge"
urlpatterns = [
    path("articles/", views.article_list, name="list"),
    path("articles/new/", views.edit_article, name="new"),
    path("articles/<int:article_id>/", views.article_page, name="article"),
    path("articles/<int:article_id>/edit/", views.edit_article, name="edit"),
    path("articles/<int:article_id>/used/", views.used, name="used"),
]
