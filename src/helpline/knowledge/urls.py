from django.urls import path

from helpline.knowledge import template_views, views

app_name = "knowledge"
urlpatterns = [
    path("articles/", views.article_list, name="list"),
    path("articles/new/", views.edit_article, name="new"),
    path("articles/<int:article_id>/", views.article_page, name="article"),
    path("articles/<int:article_id>/edit/", views.edit_article, name="edit"),
    path("articles/<int:article_id>/used/", views.used, name="used"),
    path("templates/", template_views.template_list, name="templates"),
    path("templates/new/", template_views.edit_template, name="new_template"),
    path("templates/preview/", template_views.preview, name="preview"),
    path("templates/<int:template_id>/", template_views.edit_template, name="template"),
    path("templates/<int:template_id>/delete/", template_views.delete_template, name="delete_template"),
    path("templates/<int:template_id>/files/", template_views.add_files, name="template_files"),
    path(
        "templates/<int:template_id>/files/<int:file_id>/remove/",
        template_views.remove_file,
        name="template_file_remove",
    ),
    path("desks/<int:desk_id>/signatures/", template_views.signatures, name="signatures"),
    path("me/signature/", template_views.my_signature, name="my_signature"),
]
